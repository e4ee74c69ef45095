package io.headgate.serving;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.headgate.console.UserException;
import io.headgate.decomposition.Decomposer;
import io.headgate.decomposition.Decomposition;
import io.headgate.imaging.RgbImage;
import io.headgate.zeroshot.ZeroShotClassifier;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.ArrayList;
import java.util.Base64;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * Images with the answers that a model gave when it was trusted. They lie beside its weights and
 * are asked again whenever it is loaded: another activation, another precision or a damaged file
 * answers differently. Immutable.
 */
public final class Canaries {
  /** Name of the file in a model's folder. */
  public static final String FILE = "canaries.json";

  private static final String FORMAT = "headgate-canaries/1";
  private static final ObjectMapper JSON = new ObjectMapper();

  private final List<Canary> canaries;

  /**
   * One image and its answer.
   *
   * @param name for messages
   * @param image of the model's size
   * @param label predicted class; empty for a model without classes
   * @param embedding {@code [D]}, unit norm
   */
  record Canary(String name, RgbImage image, Optional<String> label, float[] embedding) {}

  private Canaries(List<Canary> canaries) {
    this.canaries = List.copyOf(canaries);
  }

  List<Canary> all() {
    return canaries;
  }

  /**
   * Asks a trusted model.
   *
   * @param images of the model's size, by name, at least one
   */
  public static Canaries record(
      Decomposer model, Optional<ZeroShotClassifier> classifier, Map<String, RgbImage> images) {
    if (images.isEmpty()) {
      throw new UserException("canaries: no images (expected: at least one)");
    }
    Map<String, RgbImage> ordered = new LinkedHashMap<>(images);
    List<Decomposition> answers = model.decompose(List.copyOf(ordered.values()));
    List<Canary> canaries = new ArrayList<>();
    int i = 0;
    for (Map.Entry<String, RgbImage> image : ordered.entrySet()) {
      float[] embedding = answers.get(i++).embedding();
      canaries.add(
          new Canary(
              image.getKey(),
              image.getValue(),
              classifier.map(c -> c.classes().get(c.predict(embedding))),
              embedding));
    }
    return new Canaries(canaries);
  }

  /** Writes them in one step: a half-written file is never seen. */
  public void save(Path file) throws IOException {
    ObjectNode root = JSON.createObjectNode();
    root.put("format", FORMAT);
    ArrayNode list = root.putArray("canaries");
    for (Canary canary : canaries) {
      ObjectNode node =
          list.addObject()
              .put("name", canary.name())
              .put("side", canary.image().width())
              .put("label", canary.label().orElse(null))
              .put("rgb", Base64.getEncoder().encodeToString(canary.image().rgb()));
      ArrayNode embedding = node.putArray("embedding");
      for (float x : canary.embedding()) {
        embedding.add(x);
      }
    }
    Path half = file.resolveSibling(file.getFileName() + ".tmp");
    Files.write(half, JSON.writerWithDefaultPrettyPrinter().writeValueAsBytes(root));
    Files.move(half, file, StandardCopyOption.REPLACE_EXISTING);
  }

  /**
   * @throws UserException if the file is missing or malformed
   */
  public static Canaries load(Path file) {
    JsonNode root;
    try {
      root = JSON.readTree(Files.readAllBytes(file));
    } catch (NoSuchFileException e) {
      throw malformed(file, "no such file", e);
    } catch (IOException e) {
      throw malformed(file, e.getMessage(), e);
    }
    if (!FORMAT.equals(root.path("format").asText())
        || !root.path("canaries").isArray()
        || root.path("canaries").isEmpty()) {
      throw malformed(file, "not in format " + FORMAT, null);
    }
    List<Canary> canaries = new ArrayList<>();
    for (JsonNode node : root.path("canaries")) {
      try {
        int side = node.path("side").asInt();
        float[] embedding = new float[node.path("embedding").size()];
        for (int i = 0; i < embedding.length; i++) {
          embedding[i] = (float) node.path("embedding").get(i).asDouble(Double.NaN);
        }
        canaries.add(
            new Canary(
                node.path("name").asText(),
                new RgbImage(side, side, Base64.getDecoder().decode(node.path("rgb").asText())),
                Optional.ofNullable(node.path("label").asText(null)),
                embedding));
      } catch (IllegalArgumentException e) {
        throw malformed(file, e.getMessage(), e);
      }
    }
    return new Canaries(canaries);
  }

  private static UserException malformed(Path file, String why, Exception cause) {
    return new UserException(
        "%s: %s (expected: what 'headgate canaries' writes)".formatted(file, why), cause);
  }
}
