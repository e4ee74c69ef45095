package io.headgate.calibration;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.headgate.calibration.Calibration.Content;
import io.headgate.calibration.Calibration.Signature;
import io.headgate.calibration.CalibrationException.Code;
import io.headgate.decomposition.ModelShape;
import io.headgate.detection.FittedDetectors;
import io.headgate.detection.FittedDetectors.Fitted;
import io.headgate.detection.Numbers;
import io.headgate.detection.Reference;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * A calibration as bytes: JSON for people, safetensors for numbers. Its id is the SHA-256 of the
 * JSON with sorted keys, without white space, id and signature; the JSON holds the SHA-256 of the
 * numbers, so the id covers them.
 */
public final class CalibrationCodec {
  static final String FORMAT = "headgate-calibration/1";
  private static final byte[] MAGIC = "HGCAL001".getBytes(StandardCharsets.US_ASCII);
  private static final int MAX_JSON_BYTES = 64 << 20;
  private static final ObjectMapper JSON =
      new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

  private CalibrationCodec() {}

  /**
   * One self-contained record: the magic {@code HGCAL001}, the JSON's length (int32, big-endian),
   * the JSON, the safetensors.
   */
  public static byte[] toBytes(Calibration calibration) {
    Encoded encoded = encode(calibration);
    return ByteBuffer.allocate(
            MAGIC.length + Integer.BYTES + encoded.json().length + encoded.numbers().length)
        .put(MAGIC)
        .putInt(encoded.json().length)
        .put(encoded.json())
        .put(encoded.numbers())
        .array();
  }

  /**
   * Reads what {@link #toBytes} wrote.
   *
   * @throws CalibrationException if it is damaged or its content does not match its id
   */
  public static Calibration fromBytes(byte[] bytes) {
    String where = "calibration record of %d bytes".formatted(bytes.length);
    ByteBuffer in = ByteBuffer.wrap(bytes);
    byte[] magic = new byte[MAGIC.length];
    if (bytes.length < MAGIC.length + Integer.BYTES) {
      throw unreadable(where, "too short", null);
    }
    in.get(magic);
    int length = in.getInt();
    if (!java.util.Arrays.equals(magic, MAGIC) || length < 2 || length > in.remaining()) {
      throw unreadable(where, "it does not start as a calibration does", null);
    }
    byte[] json = new byte[length];
    in.get(json);
    byte[] numbers = new byte[in.remaining()];
    in.get(numbers);
    return decode(json, numbers, where);
  }

  /** The two parts of a calibration. */
  record Encoded(byte[] json, byte[] numbers) {}

  static Encoded encode(Calibration calibration) {
    byte[] numbers = numbers(calibration.content()).encode();
    ObjectNode json = json(calibration.content(), sha256(numbers));
    ObjectNode out = JSON.createObjectNode();
    out.put("id", calibration.id());
    out.setAll(json);
    calibration
        .signature()
        .ifPresent(
            s ->
                out.putObject("signature")
                    .put("algorithm", "Ed25519")
                    .put("publicKey", s.publicKey())
                    .put("value", s.value()));
    try {
      return new Encoded(JSON.writeValueAsBytes(out), numbers);
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(e);
    }
  }

  static String id(Content content) {
    return id(json(content, sha256(numbers(content).encode())));
  }

  private static String id(ObjectNode json) {
    ObjectNode covered = json.deepCopy();
    covered.remove(List.of("id", "signature"));
    try {
      return sha256(
          JSON.writer()
              .without(SerializationFeature.INDENT_OUTPUT)
              .writeValueAsBytes(sorted(covered)));
    } catch (JsonProcessingException e) {
      throw new IllegalStateException(e);
    }
  }

  private static JsonNode sorted(JsonNode node) {
    if (node.isObject()) {
      Map<String, JsonNode> fields = new TreeMap<>();
      node.fields().forEachRemaining(e -> fields.put(e.getKey(), sorted(e.getValue())));
      return JSON.createObjectNode().setAll(fields);
    }
    if (node.isArray()) {
      ArrayNode array = JSON.createArrayNode();
      node.forEach(e -> array.add(sorted(e)));
      return array;
    }
    return node;
  }

  private static NumbersFile numbers(Content content) {
    FittedDetectors detectors = content.detectors();
    Reference reference = detectors.reference();
    ModelShape shape = reference.shape();
    int d = shape.embedding();
    NumbersFile file =
        new NumbersFile()
            .put("reference.means", reference.means(), shape.components(), d)
            .put("reference.embedding_mean", reference.embeddingMean())
            .put(
                "reference.class_prototypes",
                reference.classPrototypes(),
                reference.classes(),
                (long) shape.layers() * shape.heads(),
                d)
            .put("reference.token_means", reference.tokenMeans())
            .put("classes.embeddings", content.classEmbeddings(), content.classes().size(), d)
            .put(
                "manifest",
                content.images().manifest(),
                content.images().manifest().length / 32,
                32);
    detectors.shares().arrays().forEach((name, v) -> file.put("shares." + name, v));
    for (Fitted f : detectors.detectors()) {
      String prefix = "detector." + f.name() + ".";
      file.put(prefix + "ranks.knots", f.knots())
          .put(prefix + "ranks.tail", f.tail())
          .put(prefix + "class_offsets", f.classOffsets());
      f.numbers().arrays().forEach((name, v) -> file.put(prefix + "fit." + name, v));
    }
    return file;
  }

  private static ObjectNode json(Content content, String numbersHash) {
    FittedDetectors detectors = content.detectors();
    ModelShape shape = detectors.reference().shape();
    CalibrationSettings settings = content.settings();
    CalibrationImages images = content.images();
    Measured measured = content.measured();
    ObjectNode json = JSON.createObjectNode();
    json.put("format", FORMAT);
    json.put("createdAt", content.createdAt().toString());
    json.put("expiresAt", content.expiresAt().map(Instant::toString).orElse(null));
    ObjectNode model = json.putObject("model");
    model.put("fingerprint", content.modelFingerprint());
    model.put("preprocessing", content.preprocessing());
    model
        .putObject("shape")
        .put("imageSize", shape.imageSize())
        .put("patchSize", shape.patchSize())
        .put("layers", shape.layers())
        .put("heads", shape.heads())
        .put("width", shape.width())
        .put("embedding", shape.embedding());
    content.classes().forEach(json.putArray("classes")::add);
    ObjectNode set = json.putObject("settings");
    set.put("targetFalseQuarantine", settings.targetFalseQuarantine())
        .put("confidence", settings.confidence())
        .put("epsilonQuantile", settings.epsilonQuantile())
        .put("heldOutShare", settings.heldOutShare())
        .put("screened", settings.screened())
        .put("seed", settings.seed());
    settings.combination().forEach(set.putArray("combination")::add);
    ObjectNode data = json.putObject("images");
    data.put("total", images.total())
        .put("reference", images.reference())
        .put("fitted", images.fitted())
        .put("heldOut", images.heldOut())
        .put("classesSeen", images.classesSeen())
        .put("leftOut", images.leftOut())
        .put("skippedCount", images.skippedCount());
    images.skipped().forEach(data.putArray("skipped")::add);
    json.putObject("measured")
        .put("images", measured.images())
        .put("flagged", measured.flagged())
        .put("flagRate", measured.flagRate())
        .put("flagRateUpper", measured.flagRateUpper())
        .put("quarantined", measured.quarantined())
        .put("quarantineRate", measured.quarantineRate())
        .put("quarantineRateUpper", measured.quarantineRateUpper())
        .put("confidence", measured.confidence());
    ObjectNode deciding = json.putObject("deciding");
    detectors.combination().forEach(deciding.putArray("combination")::add);
    number(deciding, "threshold", detectors.threshold());
    deciding.put("margin", detectors.margin());
    ObjectNode paper = json.putObject("paper");
    paper.put("zeta", detectors.zeta());
    for (float epsilon : detectors.epsilon()) {
      paper.withArray("epsilon").add(epsilon);
    }
    ArrayNode list = json.putArray("detectors");
    for (Fitted f : detectors.detectors()) {
      number(list.addObject().put("name", f.name()), "threshold", f.threshold());
    }
    ArrayNode suspects = json.putArray("suspects");
    for (Suspect s : content.suspects()) {
      suspects
          .addObject()
          .put("name", s.name())
          .put("leftOut", s.leftOut())
          .put("score", s.score())
          .put("limit", s.limit())
          .put("label", s.label());
    }
    json.putObject("numbers").put("sha256", numbersHash);
    // through text once, so that numbers have the types that a reader will give them
    try {
      return (ObjectNode) JSON.readTree(JSON.writeValueAsBytes(json));
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  /** JSON has no infinity: null stands for it. */
  private static void number(ObjectNode node, String name, double value) {
    if (Double.isInfinite(value)) {
      node.putNull(name);
    } else {
      node.put(name, value);
    }
  }

  private static double number(JsonNode node, String name) {
    JsonNode value = required(node, name);
    return value.isNull() ? Double.POSITIVE_INFINITY : value.asDouble();
  }

  static Calibration decode(byte[] jsonBytes, byte[] numberBytes, String where) {
    if (jsonBytes.length > MAX_JSON_BYTES) {
      throw unreadable(where, "%d bytes of JSON".formatted(jsonBytes.length), null);
    }
    JsonNode parsed;
    try {
      parsed = JSON.readTree(jsonBytes);
    } catch (IOException e) {
      throw unreadable(where, "no JSON: " + firstLine(e), e);
    }
    if (!(parsed instanceof ObjectNode json) || !FORMAT.equals(json.path("format").asText())) {
      throw unreadable(
          where,
          "format: %s (expected: %s)".formatted(parsed.path("format").asText("none"), FORMAT),
          null);
    }
    String id = json.path("id").asText();
    String found = id(json);
    if (!found.equals(id)) {
      throw new CalibrationException(
          Code.ALTERED,
          "%s: its id is %s, but its content hashes to %s — it was edited or damaged: restore it or rerun 'headgate calibrate'"
              .formatted(where, id, found));
    }
    String numbersHash = sha256(numberBytes);
    String expected = json.path("numbers").path("sha256").asText();
    if (!numbersHash.equals(expected)) {
      throw new CalibrationException(
          Code.ALTERED,
          "%s: its numbers hash to %s (expected: %s) — the .safetensors beside it belongs to another calibration or is damaged"
              .formatted(where, numbersHash, expected));
    }
    try {
      Content content = content(json, NumbersFile.decode(numberBytes));
      JsonNode s = json.path("signature");
      Optional<Signature> signature =
          s.isObject()
              ? Optional.of(new Signature(s.path("publicKey").asText(), s.path("value").asText()))
              : Optional.empty();
      return Calibration.read(content, id, signature);
    } catch (IllegalArgumentException | ArithmeticException e) {
      throw unreadable(where, e.getMessage(), e);
    }
  }

  private static Content content(JsonNode json, NumbersFile file) {
    JsonNode model = required(json, "model");
    JsonNode s = required(model, "shape");
    ModelShape shape =
        new ModelShape(
            required(s, "imageSize").asInt(),
            required(s, "patchSize").asInt(),
            required(s, "layers").asInt(),
            required(s, "heads").asInt(),
            required(s, "width").asInt(),
            required(s, "embedding").asInt());
    Reference reference =
        new Reference(
            shape,
            file.floats("reference.means"),
            file.floats("reference.embedding_mean"),
            file.floats("reference.class_prototypes"),
            file.floats("reference.token_means"));
    List<Fitted> fitted = new ArrayList<>();
    for (JsonNode d : required(json, "detectors")) {
      String name = required(d, "name").asText();
      String prefix = "detector." + name + ".";
      fitted.add(
          new Fitted(
              name,
              new Numbers(file.floatsUnder(prefix + "fit.")),
              file.floats(prefix + "ranks.knots"),
              file.floats(prefix + "ranks.tail"),
              file.floats(prefix + "class_offsets"),
              number(d, "threshold")));
    }
    JsonNode deciding = required(json, "deciding");
    JsonNode paper = required(json, "paper");
    float[] epsilon = new float[required(paper, "epsilon").size()];
    for (int h = 0; h < epsilon.length; h++) {
      epsilon[h] = (float) paper.path("epsilon").path(h).asDouble();
    }
    FittedDetectors detectors =
        new FittedDetectors(
            reference,
            epsilon,
            required(paper, "zeta").asInt(),
            new Numbers(file.floatsUnder("shares.")),
            fitted,
            strings(required(deciding, "combination")),
            number(deciding, "threshold"),
            required(deciding, "margin").asDouble());
    JsonNode set = required(json, "settings");
    JsonNode images = required(json, "images");
    JsonNode measured = required(json, "measured");
    List<Suspect> suspects = new ArrayList<>();
    for (JsonNode p : required(json, "suspects")) {
      suspects.add(
          new Suspect(
              required(p, "name").asText(),
              required(p, "leftOut").asBoolean(),
              required(p, "score").asDouble(),
              required(p, "limit").asDouble(),
              required(p, "label").asText()));
    }
    JsonNode expires = required(json, "expiresAt");
    return new Content(
        required(model, "fingerprint").asText(),
        required(model, "preprocessing").asText(),
        strings(required(json, "classes")),
        file.floats("classes.embeddings"),
        Instant.parse(required(json, "createdAt").asText()),
        expires.isNull() ? Optional.empty() : Optional.of(Instant.parse(expires.asText())),
        new CalibrationSettings(
            required(set, "targetFalseQuarantine").asDouble(),
            required(set, "confidence").asDouble(),
            required(set, "epsilonQuantile").asDouble(),
            required(set, "heldOutShare").asDouble(),
            strings(required(set, "combination")),
            required(set, "screened").asBoolean(),
            required(set, "seed").asLong()),
        new CalibrationImages(
            required(images, "total").asLong(),
            required(images, "reference").asLong(),
            required(images, "fitted").asLong(),
            required(images, "heldOut").asLong(),
            required(images, "classesSeen").asInt(),
            required(images, "leftOut").asLong(),
            strings(required(images, "skipped")),
            required(images, "skippedCount").asLong(),
            file.bytes("manifest")),
        suspects,
        new Measured(
            required(measured, "images").asLong(),
            required(measured, "flagged").asLong(),
            required(measured, "quarantined").asLong(),
            required(measured, "confidence").asDouble()),
        detectors);
  }

  private static JsonNode required(JsonNode node, String name) {
    JsonNode value = node.get(name);
    if (value == null) {
      throw new IllegalArgumentException("field %s is missing".formatted(name));
    }
    return value;
  }

  private static List<String> strings(JsonNode array) {
    List<String> strings = new ArrayList<>();
    array.forEach(e -> strings.add(e.asText()));
    return strings;
  }

  static CalibrationException unreadable(String where, String why, Throwable cause) {
    return new CalibrationException(
        Code.UNREADABLE,
        "%s: not a readable calibration: %s — restore it or rerun 'headgate calibrate'"
            .formatted(where, why),
        cause);
  }

  private static String firstLine(Exception e) {
    String message = String.valueOf(e.getMessage());
    int end = message.indexOf('\n');
    return end < 0 ? message : message.substring(0, end);
  }

  static String sha256(byte[] bytes) {
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }
}
