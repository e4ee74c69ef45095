package io.headgate.detection;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.headgate.clip.ClipModel;
import io.headgate.clip.ClipOptions;
import io.headgate.decomposition.Decomposition;
import io.headgate.imaging.RgbImage;
import io.headgate.weights.Safetensors;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Algorithm 1 of the paper, from pixels to repaired logits, against every golden number. */
class PaperGoldenTest {
  private static final float TOLERANCE = 1e-5f;

  /** What is compared: one model's images, parts and the paper's method calibrated on them. */
  private record Golden(
      Safetensors numbers,
      JsonNode json,
      float[][] texts,
      float scale,
      List<Decomposition> clean,
      List<Decomposition> test,
      PaperMethod paper)
      implements AutoCloseable {
    static Golden open(String name) throws IOException {
      Path folder = Path.of("src/test/resources/fixtures", name);
      Safetensors numbers = Safetensors.open(folder.resolve("detection.safetensors"));
      JsonNode json = new ObjectMapper().readTree(folder.resolve("golden.json").toFile());
      try (ClipModel model =
              ClipModel.open(
                  folder.resolve("open_clip_model.safetensors"), ClipOptions.defaults());
          Safetensors golden = Safetensors.open(folder.resolve("golden.safetensors"))) {
        List<Decomposition> clean = model.decompose(images(numbers, "val_images"));
        ReferenceBuilder builder = new ReferenceBuilder(model.shape(), Optional.empty());
        clean.forEach(builder::add);
        JsonNode detection = json.path("detection");
        PaperMethod paper =
            PaperMethod.of(
                    builder.build(),
                    new float[model.shape().heads()],
                    detection.path("zeta").asInt())
                .withEpsilon((float) detection.path("epsilon").asDouble());
        return new Golden(
            numbers,
            json,
            rows(golden.tensor("text_embeds").toFloats(), model.shape().embedding()),
            (float) json.path("logit_scale_exp").asDouble(),
            clean,
            model.decompose(images(numbers, "test_images")),
            paper);
      }
    }

    private static List<RgbImage> images(Safetensors file, String name) {
      byte[] planar = file.tensor(name).toBytes();
      int side = (int) file.tensor(name).shape()[2];
      int plane = side * side;
      List<RgbImage> images = new ArrayList<>();
      for (int at = 0; at < planar.length; at += 3 * plane) {
        byte[] rgb = new byte[3 * plane];
        for (int i = 0; i < rgb.length; i++) {
          rgb[i] = planar[at + i % 3 * plane + i / 3];
        }
        images.add(new RgbImage(side, side, rgb));
      }
      return images;
    }

    int lastMlps() {
      return json.path("detection").path("mlp_repair_layers").size();
    }

    float[][] rows(String name, int length) {
      return rows(numbers.tensor(name).toFloats(), length);
    }

    private static float[][] rows(float[] flat, int length) {
      float[][] rows = new float[flat.length / length][];
      for (int i = 0; i < rows.length; i++) {
        rows[i] = Arrays.copyOfRange(flat, i * length, (i + 1) * length);
      }
      return rows;
    }

    float[] logits(float[] embedding) {
      float[] logits = new float[texts.length];
      for (int k = 0; k < logits.length; k++) {
        logits[k] = scale * Vectors.dot(embedding, 0, texts[k], 0, embedding.length);
      }
      return logits;
    }

    @Override
    public void close() {
      numbers.close();
    }
  }

  private static int argmax(float[] values) {
    int best = 0;
    for (int k = 1; k < values.length; k++) {
      best = values[k] > values[best] ? k : best;
    }
    return best;
  }

  @ParameterizedTest
  @ValueSource(strings = {"tiny-quickgelu", "tiny-gelu"})
  void calibratesOnCleanImages(String model) throws IOException {
    try (Golden golden = Golden.open(model)) {
      int d = golden.paper().shape().embedding();
      int lastHeads = golden.paper().shape().heads() * d;
      float[][] parts = golden.rows("val_attn_last", lastHeads);

      for (int i = 0; i < parts.length; i++) {
        float[] heads = golden.clean().get(i).heads();
        assertThat(Arrays.copyOfRange(heads, heads.length - lastHeads, heads.length))
            .containsExactly(parts[i], within(TOLERANCE));
      }
      assertThat(golden.paper().prototypes())
          .containsExactly(golden.numbers().tensor("prototypes").toFloats(), within(TOLERANCE));
      assertThat(golden.paper().mlpPrototypes())
          .containsExactly(golden.numbers().tensor("mlp_prototypes").toFloats(), within(TOLERANCE));
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"tiny-quickgelu", "tiny-gelu"})
  void findsInfectedHeadsAndRoutes(String model) throws IOException {
    try (Golden golden = Golden.open(model)) {
      int h = golden.paper().shape().heads();
      int d = golden.paper().shape().embedding();
      float[][] similarities = golden.rows("similarities", h);
      float[][] lastHeads = golden.rows("test_attn_last", h * d);
      float[][] mlps = golden.rows("test_mlp", (golden.paper().shape().layers() + 1) * d);
      float[][] embeddings = golden.rows("test_image_embeds", d);
      byte[] infected = golden.numbers().tensor("infected").toBytes();
      byte[] quarantine = golden.numbers().tensor("quarantine").toBytes();
      long[] counts = golden.numbers().tensor("counts").toLongs();

      for (int i = 0; i < similarities.length; i++) {
        Decomposition image = golden.test().get(i);
        float[] found = golden.paper().similarities(image);
        int count = golden.paper().count(found);

        assertThat(image.embedding()).containsExactly(embeddings[i], within(TOLERANCE));
        assertThat(
                Arrays.copyOfRange(
                    image.heads(), image.heads().length - h * d, image.heads().length))
            .containsExactly(lastHeads[i], within(TOLERANCE));
        assertThat(image.mlps()).containsExactly(mlps[i], within(TOLERANCE));
        assertThat(found).containsExactly(similarities[i], within(1e-6f));
        boolean[] mask = golden.paper().infected(found);
        for (int k = 0; k < h; k++) {
          assertThat(mask[k]).isEqualTo(infected[i * h + k] != 0);
        }
        assertThat(count).isEqualTo((int) counts[i]);
        assertThat(golden.paper().route(count) == PaperMethod.Route.QUARANTINED)
            .isEqualTo(quarantine[i] != 0);
        assertThat(golden.paper().route(count) == PaperMethod.Route.CLEAN).isEqualTo(count == 0);
      }
    }
  }

  @ParameterizedTest
  @ValueSource(strings = {"tiny-quickgelu", "tiny-gelu"})
  void repairsHeadsAndMlps(String model) throws IOException {
    try (Golden golden = Golden.open(model)) {
      PaperMethod paper = golden.paper();
      int d = paper.shape().embedding();
      float[][] heads = golden.rows("repaired_embeds", d);
      float[][] unit = golden.rows("repaired_unit", d);
      float[][] mlps = golden.rows("mlp_repaired_embeds", d);
      float[][] both = golden.rows("both_repaired_embeds", d);
      float[][] before = golden.rows("logits", golden.texts().length);
      float[][] after = golden.rows("repaired_logits", golden.texts().length);
      JsonNode expected = golden.json().path("detection");

      for (int i = 0; i < heads.length; i++) {
        Decomposition image = golden.test().get(i);
        Decomposition repaired = paper.repairHeads(image);
        Decomposition withMlps = paper.repairMlps(image, golden.lastMlps());
        Decomposition withBoth = paper.repairMlps(repaired, golden.lastMlps());

        assertThat(repaired.embedding()).containsExactly(heads[i], within(TOLERANCE));
        assertThat(Repair.unit(repaired).embedding()).containsExactly(unit[i], within(TOLERANCE));
        assertThat(Repair.unit(repaired).residual()).isLessThan(1e-5);
        assertThat(withMlps.embedding()).containsExactly(mlps[i], within(TOLERANCE));
        assertThat(withBoth.embedding()).containsExactly(both[i], within(TOLERANCE));
        assertThat(golden.logits(image.embedding())).containsExactly(before[i], within(1e-3f));
        assertThat(golden.logits(Repair.unit(repaired).embedding()))
            .containsExactly(after[i], within(1e-3f));
        assertThat(argmax(golden.logits(image.embedding())))
            .isEqualTo(expected.path("argmax_before").path(i).asInt());
        assertThat(argmax(golden.logits(repaired.embedding())))
            .isEqualTo(expected.path("argmax_after_head_repair").path(i).asInt());
        assertThat(argmax(golden.logits(withMlps.embedding())))
            .isEqualTo(expected.path("argmax_after_mlp_repair").path(i).asInt());
        assertThat(argmax(golden.logits(withBoth.embedding())))
            .isEqualTo(expected.path("argmax_after_both").path(i).asInt());
      }
    }
  }
}
