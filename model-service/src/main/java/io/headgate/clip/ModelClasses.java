package io.headgate.clip;

import com.fasterxml.jackson.annotation.JsonIgnoreProperties;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.headgate.console.UserException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * A model folder's {@code classes.json}: what its zero-shot classifier tells apart.
 *
 * @param classes names, at least one, distinct
 * @param target the class that a known backdoor leads to; empty for a model not known to have one
 * @param templates prompts with {@code {n}} for the class's name, at least one
 */
public record ModelClasses(List<String> classes, Optional<String> target, List<String> templates) {
  /** Name of the file. */
  public static final String FILE = "classes.json";

  /**
   * @throws IllegalArgumentException if there is no class or template, a class is named twice, a
   *     template lacks {@code {n}}, or the target is not among the classes
   */
  public ModelClasses {
    classes = List.copyOf(classes);
    templates = List.copyOf(templates);
    if (classes.isEmpty() || classes.stream().distinct().count() != classes.size()) {
      throw new IllegalArgumentException(
          "classes: %s (expected: at least one, each once)".formatted(classes));
    }
    if (templates.isEmpty() || templates.stream().anyMatch(t -> !t.contains("{n}"))) {
      throw new IllegalArgumentException(
          "templates: %s (expected: at least one, each with {n} for the class)"
              .formatted(templates));
    }
    if (target.isPresent() && !classes.contains(target.get())) {
      throw new IllegalArgumentException(
          "target: %s (expected: one of the classes)".formatted(target.get()));
    }
  }

  /**
   * Reads the file of a model folder.
   *
   * @return empty if the folder has none
   * @throws UserException if it cannot be read or says something impossible
   */
  public static Optional<ModelClasses> load(Path folder) {
    Path file = folder.resolve(FILE);
    if (!Files.isRegularFile(file)) {
      return Optional.empty();
    }
    try {
      Json json = new ObjectMapper().readValue(Files.readString(file), Json.class);
      return Optional.of(
          new ModelClasses(
              json.classes() == null ? List.of() : json.classes(),
              Optional.ofNullable(json.target()),
              json.templates() == null ? List.of("a photo of a {n}") : json.templates()));
    } catch (JsonProcessingException | IllegalArgumentException e) {
      String problem =
          e instanceof JsonProcessingException json ? json.getOriginalMessage() : e.getMessage();
      throw new UserException(
          "%s: %s (expected: {\"classes\": [\"…\"], \"templates\": [\"a photo of a {n}\"]})"
              .formatted(file, problem),
          e);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The prompts of a class: every template with its name; "a" before a vowel becomes "an". */
  public List<String> prompts(String name) {
    boolean vowel = !name.isEmpty() && "aeiouAEIOU".indexOf(name.charAt(0)) >= 0;
    return templates.stream()
        .map(t -> vowel ? t.replaceAll("\\b([Aa]) \\{n}", "$1n {n}") : t)
        .map(t -> t.replace("{n}", name))
        .toList();
  }

  @JsonIgnoreProperties(ignoreUnknown = true)
  private record Json(List<String> classes, String target, List<String> templates) {}
}
