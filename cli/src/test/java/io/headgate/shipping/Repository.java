package io.headgate.shipping;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.yaml.snakeyaml.Yaml;

/** The files that ship Headgate. */
final class Repository {
  static final Path ROOT = Path.of("..").toAbsolutePath().normalize();
  private static final ObjectMapper JSON = new ObjectMapper();

  private Repository() {}

  /** All documents of a YAML text, aliases and merge keys resolved. */
  static List<JsonNode> documents(String text) {
    List<JsonNode> all = new ArrayList<>();
    for (Object document : new Yaml().loadAll(text)) {
      if (document != null) {
        all.add(JSON.valueToTree(document));
      }
    }
    return all;
  }

  /** The first document of a YAML file. */
  static JsonNode document(String file) {
    return documents(read(file)).get(0);
  }

  static JsonNode json(String text) {
    try {
      return JSON.readTree(text);
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
