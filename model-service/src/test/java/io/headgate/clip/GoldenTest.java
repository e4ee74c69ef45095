package io.headgate.clip;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.headgate.decomposition.Decomposition;
import io.headgate.weights.Activation;
import io.headgate.weights.Safetensors;
import io.headgate.zeroshot.Label;
import io.headgate.zeroshot.ZeroShotClassifier;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Every number of the golden models, in every file format. */
class GoldenTest {
  private static final double TOLERANCE = 1e-5;

  /** Model, file, and what has to be said about files that do not say it. */
  static Stream<Arguments> checkpoints() {
    ClipOptions said = ClipOptions.defaults();
    ClipOptions quick = said.withActivation(Activation.QUICK_GELU).withHeads(4);
    ClipOptions exact = said.withActivation(Activation.GELU).withHeads(3);
    return Stream.of(
        Arguments.of("tiny-quickgelu", "open_clip_model.safetensors", said),
        Arguments.of("tiny-quickgelu", "model.safetensors", said),
        Arguments.of("tiny-quickgelu", "checkpoint.pt", quick),
        Arguments.of("tiny-gelu", "open_clip_model.safetensors", said),
        Arguments.of("tiny-gelu", "model.safetensors", said),
        Arguments.of("tiny-gelu", "checkpoint.pt", exact),
        Arguments.of("tiny-gelu", "checkpoint_views.pt", exact));
  }

  @ParameterizedTest
  @MethodSource("checkpoints")
  void decomposesAsTheGoldenModel(String model, String file, ClipOptions options) throws Exception {
    Path folder = fixture(model);
    try (Safetensors golden = Safetensors.open(folder.resolve("golden.safetensors"));
        ClipModel clip = ClipModel.open(folder.resolve(file), options)) {
      float[] pixels = golden.readFloats("pixel_values");

      List<Decomposition> decompositions = clip.decomposePixels(pixels, 6);
      List<float[]> maps = clip.tokenMapsOfPixels(pixels, 6);

      for (int i = 0; i < 6; i++) {
        Decomposition d = decompositions.get(i);
        assertThat(distance(d.embedding(), golden, "image_embeds", i)).isLessThan(TOLERANCE);
        assertThat(distance(d.heads(), golden, "attn", i)).isLessThan(TOLERANCE);
        assertThat(distance(d.mlps(), golden, "mlp", i)).isLessThan(TOLERANCE);
        assertThat(distance(maps.get(i), golden, "token_maps", i)).isLessThan(2e-5);
        assertThat(distance(raw(d), golden, "raw_embeds", i)).isLessThan(TOLERANCE);
        assertThat(distance(new float[] {d.norm()}, golden, "embed_norm", i)).isLessThan(TOLERANCE);
        assertThat(distance(new float[] {d.sigma()}, golden, "post_ln_std", i))
            .isLessThan(TOLERANCE);
        assertThat(d.residual()).isLessThan(1e-6);
      }
    }
  }

  @ParameterizedTest
  @MethodSource("checkpoints")
  void comparesTextsAndImagesAsTheGoldenModel(String model, String file, ClipOptions options)
      throws Exception {
    Path folder = fixture(model);
    try (Safetensors golden = Safetensors.open(folder.resolve("golden.safetensors"));
        ClipModel clip = ClipModel.open(folder.resolve(file), options)) {
      float[][] texts = clip.encodeTokens(ids(golden));
      List<Decomposition> images = clip.decomposePixels(golden.readFloats("pixel_values"), 6);

      ZeroShotClassifier classifier =
          new ZeroShotClassifier(List.of("a", "b", "c", "d", "e", "f"), texts, clip.logitScale());
      for (int i = 0; i < 6; i++) {
        assertThat(distance(texts[i], golden, "text_embeds", i)).isLessThan(TOLERANCE);
        float[] embedding = images.get(i).embedding();
        assertThat(distance(logits(classifier, embedding), golden, "logits_per_image", i))
            .isLessThan(1e-3);
        float[] probabilities = new float[6];
        for (Label label : classifier.labels(embedding, 6)) {
          probabilities[label.index()] = label.probability();
        }
        assertThat(distance(probabilities, golden, "probs", i)).isLessThan(TOLERANCE);
      }
    }
  }

  @Test
  void labelsImagesByTheClassesOfTheModelFolder(@TempDir Path folder) throws Exception {
    Path fixture = fixture("tiny-quickgelu");
    JsonNode stated = new ObjectMapper().readTree(fixture.resolve("golden.json").toFile());
    List<String> prompts = new ArrayList<>();
    stated.path("prompts").forEach(p -> prompts.add(p.asText()));
    for (String file : List.of("open_clip_model.safetensors", "open_clip_config.json")) {
      Files.copy(fixture.resolve(file), folder.resolve(file));
    }
    Files.writeString(
        folder.resolve(ModelClasses.FILE),
        new ObjectMapper()
            .writeValueAsString(
                new ObjectMapper()
                    .createObjectNode()
                    .putPOJO("classes", prompts)
                    .putPOJO("templates", List.of("{n}"))));
    try (Safetensors golden = Safetensors.open(fixture.resolve("golden.safetensors"));
        ClipModel clip = ClipModel.open(folder, ClipOptions.defaults())) {
      List<Decomposition> images = clip.decomposePixels(golden.readFloats("pixel_values"), 6);

      ZeroShotClassifier classifier = clip.classifier().orElseThrow();

      for (int i = 0; i < 6; i++) {
        float[] embedding = images.get(i).embedding();
        assertThat(distance(logits(classifier, embedding), golden, "logits_per_image", i))
            .isLessThan(1e-3);
        assertThat(classifier.predict(embedding))
            .isEqualTo(stated.path("zero_shot_argmax").path(i).asInt());
      }
      assertThat((double) classifier.logitScale())
          .isCloseTo(stated.path("logit_scale_exp").asDouble(), within(1e-3));
    }
  }

  private static int[][] ids(Safetensors golden) {
    long[] flat = golden.readLongs("text_ids");
    int[][] ids = new int[6][77];
    for (int i = 0; i < flat.length; i++) {
      ids[i / 77][i % 77] = (int) flat[i];
    }
    return ids;
  }

  private static float[] raw(Decomposition d) {
    float[] raw = d.embedding().clone();
    for (int k = 0; k < raw.length; k++) {
      raw[k] *= d.norm();
    }
    return raw;
  }

  static float[] logits(ZeroShotClassifier classifier, float[] embedding) {
    float[][] texts = classifier.embeddings();
    float[] logits = new float[texts.length];
    for (int k = 0; k < texts.length; k++) {
      double dot = 0;
      for (int j = 0; j < embedding.length; j++) {
        dot += (double) texts[k][j] * embedding[j];
      }
      logits[k] = (float) (classifier.logitScale() * dot);
    }
    return logits;
  }

  static Path fixture(String name) throws URISyntaxException {
    return Path.of(GoldenTest.class.getResource("/fixtures/" + name).toURI());
  }

  /** max |actual − row i of the golden tensor|; NaN if there is one. */
  static double distance(float[] actual, Safetensors golden, String name, int i) {
    float[] expected = new float[actual.length];
    golden.tensor(name).readFloats((long) i * actual.length, expected);
    double worst = 0;
    for (int k = 0; k < actual.length; k++) {
      worst = Math.max(worst, Math.abs(actual[k] - expected[k]));
    }
    return worst;
  }
}
