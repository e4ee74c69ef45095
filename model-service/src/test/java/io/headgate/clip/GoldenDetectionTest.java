package io.headgate.clip;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.headgate.decomposition.Decomposition;
import io.headgate.decomposition.ModelShape;
import io.headgate.detection.PaperMethod;
import io.headgate.detection.Reference;
import io.headgate.detection.ReferenceBuilder;
import io.headgate.detection.Repair;
import io.headgate.imaging.RgbImage;
import io.headgate.weights.Safetensors;
import io.headgate.zeroshot.ZeroShotClassifier;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/**
 * From bytes of clean and test images to the golden prototypes, similarities, masks and repairs.
 */
class GoldenDetectionTest {
  private static final double TOLERANCE = 1e-5;

  @ParameterizedTest
  @ValueSource(strings = {"tiny-quickgelu", "tiny-gelu"})
  void findsAndRepairsInfectedHeadsAsTheGoldenMethod(String model) throws Exception {
    Path folder = GoldenTest.fixture(model);
    JsonNode stated =
        new ObjectMapper().readTree(folder.resolve("golden.json").toFile()).path("detection");
    try (Safetensors golden = Safetensors.open(folder.resolve("detection.safetensors"));
        ClipModel clip = ClipModel.open(folder, ClipOptions.defaults())) {
      ModelShape shape = clip.shape();
      List<Decomposition> clean = clip.decompose(images(golden, "val_images"));
      assertRows(
          clean.stream().map(GoldenDetectionTest::lastLayer).toList(), golden, "val_attn_last");

      ReferenceBuilder builder = new ReferenceBuilder(shape, Optional.empty());
      clean.forEach(builder::add);
      Reference reference = builder.build();
      float epsilon = (float) stated.path("epsilon").asDouble();
      PaperMethod method =
          PaperMethod.of(reference, new float[shape.heads()], stated.path("zeta").asInt())
              .withEpsilon(epsilon);
      assertRows(List.of(method.prototypes()), golden, "prototypes");
      assertRows(List.of(method.mlpPrototypes()), golden, "mlp_prototypes");

      List<Decomposition> tested = clip.decompose(images(golden, "test_images"));
      assertRows(
          tested.stream().map(Decomposition::embedding).toList(), golden, "test_image_embeds");
      assertRows(
          tested.stream().map(GoldenDetectionTest::lastLayer).toList(), golden, "test_attn_last");
      assertRows(tested.stream().map(Decomposition::mlps).toList(), golden, "test_mlp");

      int mlps = stated.path("mlp_repair_layers").size();
      byte[] infected = golden.readBytes("infected");
      byte[] quarantined = golden.readBytes("quarantine");
      for (int i = 0; i < tested.size(); i++) {
        Decomposition image = tested.get(i);
        float[] similarities = method.similarities(image);
        assertThat(GoldenTest.distance(similarities, golden, "similarities", i)).isLessThan(1e-6);
        for (int h = 0; h < shape.heads(); h++) {
          assertThat(method.infected(similarities)[h])
              .isEqualTo(infected[i * shape.heads() + h] != 0);
        }
        int count = method.count(similarities);
        assertThat(count).isEqualTo(stated.path("counts").path(i).asInt());
        assertThat(method.route(count) == PaperMethod.Route.QUARANTINED)
            .isEqualTo(quarantined[i] != 0);

        Decomposition repaired = method.repairHeads(image);
        assertRow(repaired.embedding(), golden, "repaired_embeds", i);
        assertRow(Repair.unit(repaired).embedding(), golden, "repaired_unit", i);
        assertRow(method.repairMlps(image, mlps).embedding(), golden, "mlp_repaired_embeds", i);
        assertRow(method.repairMlps(repaired, mlps).embedding(), golden, "both_repaired_embeds", i);
      }
      assertLogits(clip, folder, tested, method, golden, stated);
    }
  }

  private static void assertLogits(
      ClipModel clip,
      Path folder,
      List<Decomposition> tested,
      PaperMethod method,
      Safetensors golden,
      JsonNode stated) {
    try (Safetensors numbers = Safetensors.open(folder.resolve("golden.safetensors"))) {
      float[] flat = numbers.readFloats("text_embeds");
      int d = clip.shape().embedding();
      List<String> names = new ArrayList<>();
      float[][] texts = new float[flat.length / d][];
      for (int k = 0; k < texts.length; k++) {
        texts[k] = Arrays.copyOfRange(flat, k * d, (k + 1) * d);
        names.add("class " + k);
      }
      ZeroShotClassifier classifier = new ZeroShotClassifier(names, texts, clip.logitScale());
      for (int i = 0; i < tested.size(); i++) {
        float[] before = tested.get(i).embedding();
        float[] after = Repair.unit(method.repairHeads(tested.get(i))).embedding();
        assertThat(GoldenTest.distance(GoldenTest.logits(classifier, before), golden, "logits", i))
            .isLessThan(1e-3);
        assertThat(
                GoldenTest.distance(
                    GoldenTest.logits(classifier, after), golden, "repaired_logits", i))
            .isLessThan(1e-3);
        assertThat(classifier.predict(before))
            .isEqualTo(stated.path("argmax_before").path(i).asInt());
        assertThat(classifier.predict(after))
            .isEqualTo(stated.path("argmax_after_head_repair").path(i).asInt());
      }
    }
  }

  private static void assertRows(List<float[]> rows, Safetensors golden, String name) {
    for (int i = 0; i < rows.size(); i++) {
      assertRow(rows.get(i), golden, name, i);
    }
  }

  private static void assertRow(float[] row, Safetensors golden, String name, int i) {
    assertThat(GoldenTest.distance(row, golden, name, i))
        .as("%s[%d]", name, i)
        .isLessThan(TOLERANCE);
  }

  private static float[] lastLayer(Decomposition image) {
    return Arrays.copyOfRange(
        image.heads(), image.headOffset(image.shape().layers() - 1, 0), image.heads().length);
  }

  /** U8 {@code [B,3,S,S]} to images. */
  private static List<RgbImage> images(Safetensors golden, String name) {
    int side = (int) golden.shape(name)[2];
    byte[] planes = golden.readBytes(name);
    int area = side * side;
    List<RgbImage> images = new ArrayList<>();
    for (int from = 0; from < planes.length; from += 3 * area) {
      byte[] rgb = new byte[3 * area];
      for (int p = 0; p < area; p++) {
        for (int c = 0; c < 3; c++) {
          rgb[3 * p + c] = planes[from + c * area + p];
        }
      }
      images.add(new RgbImage(side, side, rgb));
    }
    return images;
  }
}
