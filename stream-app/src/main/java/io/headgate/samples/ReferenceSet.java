package io.headgate.samples;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.headgate.console.UserException;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.stream.Stream;

/**
 * The committed models and images: a model per attack that backdoored it, clean images, and images
 * that carry each attack's trigger. File names end in the true class: {@code 0007-lemon.png}.
 *
 * @param folder with {@code models/<attack>} and {@code images/{clean-test, clean-validation,
 *     triggered-<attack>}}
 */
public record ReferenceSet(Path folder) {
  private static final String TRIGGERED = "triggered-";

  /**
   * @throws UserException if there is no reference set at that place
   */
  public ReferenceSet {
    if (!Files.isDirectory(folder.resolve("images"))
        || !Files.isDirectory(folder.resolve("models"))) {
      throw new UserException(
          "reference set: %s (expected: a folder with images/ and models/); give it with --reference DIR"
              .formatted(folder));
    }
  }

  /**
   * Finds the set: what was asked for, else below the installation, else below the working folder
   * or one of its parents.
   */
  public static ReferenceSet find(Path asked) {
    if (asked != null) {
      return new ReferenceSet(asked);
    }
    String home = System.getProperty("headgate.home", System.getenv("HEADGATE_HOME"));
    if (home != null) {
      return new ReferenceSet(Path.of(home, "reference"));
    }
    for (Path place = Path.of("").toAbsolutePath(); place != null; place = place.getParent()) {
      if (Files.isDirectory(place.resolve("reference/models"))) {
        return new ReferenceSet(place.resolve("reference"));
      }
    }
    throw new UserException(
        "reference set: none below %s or its parents (expected: a folder 'reference' with images/ and models/); give it with --reference DIR"
            .formatted(Path.of("").toAbsolutePath()));
  }

  /** Names of the attacks that there are triggered images of, sorted. */
  public List<String> attacks() {
    try (Stream<Path> folders = Files.list(folder.resolve("images"))) {
      return folders
          .map(f -> f.getFileName().toString())
          .filter(n -> n.startsWith(TRIGGERED))
          .map(n -> n.substring(TRIGGERED.length()))
          .sorted()
          .toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** Folder of the model that an attack has backdoored. */
  public Path model(String attack) {
    return folder.resolve("models").resolve(attack);
  }

  /** Images to calibrate on, disjoint from the clean test images. */
  public Path cleanValidation() {
    return folder.resolve("images/clean-validation");
  }

  public List<Sample> cleanTest() throws IOException {
    return samples(folder.resolve("images/clean-test"), Truth.CLEAN);
  }

  public List<Sample> triggered(String attack) throws IOException {
    return samples(folder.resolve("images").resolve(TRIGGERED + attack), Truth.TRIGGERED);
  }

  /** The class that an attack on this model aims at, if its {@code classes.json} names one. */
  public static Optional<String> target(Path model) throws IOException {
    Path file = model.resolve("classes.json");
    if (Files.notExists(file)) {
      return Optional.empty();
    }
    JsonNode target = new ObjectMapper().readTree(file.toFile()).path("target");
    return target.isTextual() ? Optional.of(target.asText()) : Optional.empty();
  }

  private static List<Sample> samples(Path folder, Truth truth) throws IOException {
    List<Path> files;
    try (Stream<Path> list = Files.list(folder)) {
      files = list.filter(ReferenceSet::isImage).sorted().toList();
    }
    List<Sample> samples = new ArrayList<>(files.size());
    for (Path file : files) {
      samples.add(Sample.of(truth, labelOf(file), file));
    }
    if (samples.isEmpty()) {
      throw new UserException("images: none in %s (expected: PNG or JPEG files)".formatted(folder));
    }
    return samples;
  }

  private static boolean isImage(Path file) {
    String name = file.getFileName().toString().toLowerCase(Locale.ROOT);
    return name.endsWith(".png") || name.endsWith(".jpg") || name.endsWith(".jpeg");
  }

  private static String labelOf(Path file) {
    String name = file.getFileName().toString();
    String stem = name.substring(0, name.lastIndexOf('.'));
    return stem.substring(stem.indexOf('-') + 1);
  }
}
