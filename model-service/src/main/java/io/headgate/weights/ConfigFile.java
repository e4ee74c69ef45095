package io.headgate.weights;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.MissingNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Set;

/**
 * A JSON object of a configuration file, read field by field; what is absent or null takes the
 * default given, what is of the wrong kind is an error that names file and field.
 */
final class ConfigFile {
  private static final int MAX_BYTES = 16 << 20;
  private static final int MAX_SIZE = 1 << 20;
  private static final JsonMapper JSON =
      JsonMapper.builder()
          .enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .build();

  private final Path file;
  private final String where;
  private final JsonNode node;

  private ConfigFile(Path file, String where, JsonNode node) {
    this.file = file;
    this.where = where;
    this.node = node;
  }

  /**
   * @throws WeightsException if the file is missing or holds no JSON object
   */
  static ConfigFile read(Path file) {
    try {
      if (Files.size(file) > MAX_BYTES) {
        throw new WeightsException(
            file, "%,d bytes (expected: at most %,d)".formatted(Files.size(file), MAX_BYTES));
      }
      JsonNode node = JSON.readTree(Files.readAllBytes(file));
      if (!node.isObject()) {
        throw new WeightsException(file, "not a JSON object");
      }
      return new ConfigFile(file, "", node);
    } catch (NoSuchFileException e) {
      throw new WeightsException(file, "no such file", e);
    } catch (JsonProcessingException e) {
      throw new WeightsException(
          file, "not sound JSON: " + Listing.quoted(e.getOriginalMessage()), e);
    } catch (IOException e) {
      throw new WeightsException(file, "cannot be read: " + e.getMessage(), e);
    }
  }

  Path path() {
    return file;
  }

  boolean has(String field) {
    return node.hasNonNull(field);
  }

  Iterable<String> fields() {
    return node::fieldNames;
  }

  /** The object in a field, an empty one if absent. */
  ConfigFile object(String field) {
    JsonNode child = node.hasNonNull(field) ? node.get(field) : MissingNode.getInstance();
    if (!child.isMissingNode() && !child.isObject()) {
      throw wrong(field, child.toString(), "an object");
    }
    return new ConfigFile(file, where + field + ".", child);
  }

  /** A size of at least 1. */
  int size(String field, int otherwise) {
    JsonNode value = node.get(field);
    if (value == null || value.isNull()) {
      return otherwise;
    }
    if (!value.isIntegralNumber()
        || !value.canConvertToInt()
        || value.intValue() < 1
        || value.intValue() > MAX_SIZE) {
      throw wrong(field, value.toString(), "a whole number from 1 to %,d".formatted(MAX_SIZE));
    }
    return value.intValue();
  }

  double number(String field, double otherwise) {
    JsonNode value = node.get(field);
    if (value == null || value.isNull()) {
      return otherwise;
    }
    if (!value.isNumber() || !Double.isFinite(value.doubleValue())) {
      throw wrong(field, value.toString(), "a number");
    }
    return value.doubleValue();
  }

  String text(String field, String otherwise) {
    JsonNode value = node.get(field);
    if (value == null || value.isNull()) {
      return otherwise;
    }
    if (!value.isTextual()) {
      throw wrong(field, value.toString(), "a text");
    }
    return value.textValue();
  }

  boolean flag(String field, boolean otherwise) {
    JsonNode value = node.get(field);
    if (value == null || value.isNull()) {
      return otherwise;
    }
    if (!value.isBoolean()) {
      throw wrong(field, value.toString(), "true or false");
    }
    return value.booleanValue();
  }

  /** Three numbers, one per channel; null if absent. */
  float[] channels(String field) {
    JsonNode value = node.get(field);
    if (value == null || value.isNull()) {
      return null;
    }
    if (!value.isArray() || value.size() != 3) {
      throw wrong(field, value.toString(), "three numbers");
    }
    float[] channels = new float[3];
    for (int c = 0; c < 3; c++) {
      if (!value.get(c).isNumber()) {
        throw wrong(field, value.toString(), "three numbers");
      }
      channels[c] = value.get(c).floatValue();
    }
    return channels;
  }

  /** Whether a field holds a number rather than an object or nothing. */
  boolean isNumber(String field) {
    return node.hasNonNull(field) && node.get(field).isNumber();
  }

  /**
   * Refuses fields that would change the forward pass: each may be absent, null, or one of the
   * values that leave it as it is.
   */
  void requireNeutral(String field, String... neutral) {
    JsonNode value = node.get(field);
    if (value == null || value.isNull() || Set.of(neutral).contains(value.asText())) {
      return;
    }
    throw wrong(
        field,
        value.toString(),
        neutral.length == 0
            ? "absent; this variant of CLIP is not supported"
            : String.join(" or ", neutral) + "; this variant of CLIP is not supported");
  }

  WeightsException wrong(String field, String value, String expected) {
    return new WeightsException(
        file, "%s%s: %s (expected: %s)".formatted(where, field, Listing.quoted(value), expected));
  }
}
