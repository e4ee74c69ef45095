package io.headgate.shipping;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.dataformat.yaml.YAMLFactory;
import com.fasterxml.jackson.dataformat.yaml.YAMLMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** The files that ship Headgate. */
final class Repository {
  static final Path ROOT = Path.of("..").toAbsolutePath().normalize();
  private static final YAMLMapper YAML = new YAMLMapper(new YAMLFactory());

  private Repository() {}

  /** All documents of a YAML text. */
  static List<JsonNode> documents(String text) {
    try (var values = YAML.readerFor(JsonNode.class).<JsonNode>readValues(text)) {
      List<JsonNode> all = new ArrayList<>();
      while (values.hasNextValue()) {
        JsonNode next = values.nextValue();
        if (next != null && !next.isNull()) {
          all.add(next);
        }
      }
      return all;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The one document of a YAML file, aliases and merge keys resolved. */
  static JsonNode document(String file) {
    try {
      // SnakeYAML resolves '<<' merges; Jackson's tree reader does not.
      Object resolved = new org.yaml.snakeyaml.Yaml().load(Files.readString(ROOT.resolve(file)));
      return YAML.valueToTree(resolved);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static String read(String file) {
    try {
      return Files.readString(ROOT.resolve(file));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static List<Path> files(String folder, String suffix) {
    try (Stream<Path> all = Files.walk(ROOT.resolve(folder))) {
      return all.filter(f -> f.toString().endsWith(suffix)).sorted().toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
