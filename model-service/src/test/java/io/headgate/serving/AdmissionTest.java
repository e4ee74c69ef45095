package io.headgate.serving;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.headgate.console.UserException;
import io.headgate.decomposition.Decomposer;
import io.headgate.decomposition.Decomposition;
import io.headgate.decomposition.ModelShape;
import io.headgate.detection.FakeModel;
import io.headgate.imaging.RgbImage;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AdmissionTest {
  private static final FakeModel MODEL = new FakeModel();
  private final Canaries canaries =
      Canaries.record(
          MODEL,
          Optional.of(MODEL.classifier()),
          Map.of("cat", FakeModel.image(1, 1), "dog", FakeModel.image(2, 2)));

  @Test
  void admitsAModelWhosePartsAddUpAndWhoseAnswersAreKnown() {
    Admission.Figures figures = Admission.check(handle(MODEL), Optional.of(canaries));

    assertThat(figures.residual()).isLessThan(1e-5);
    assertThat(figures.batch()).isZero();
    assertThat(figures.cosine()).isGreaterThan(0.99999);
    assertThat(figures.canaries()).isEqualTo(2);
  }

  @Test
  void refusesPartsThatDoNotAddUp() {
    Decomposer leaky = changed(d -> scaled(d, 0.9f, 1));

    assertThatThrownBy(() -> Admission.check(handle(leaky), Optional.empty()))
        .isInstanceOf(UserException.class)
        .hasMessageContaining("the parts do not add up to the embedding: residual")
        .hasMessageContaining("expected: <= 1e-05");
  }

  @Test
  void refusesNumbersThatAreNone() {
    Decomposer broken = changed(d -> scaled(d, Float.NaN, 1));

    assertThatThrownBy(() -> Admission.check(handle(broken), Optional.empty()))
        .isInstanceOf(UserException.class)
        .hasMessageContaining("residual NaN");
  }

  @Test
  void refusesAnotherAnswerThanTheOneRecorded() {
    Decomposer turned = changed(d -> scaled(d, -1, -1));

    assertThatThrownBy(() -> Admission.check(handle(turned), Optional.of(canaries)))
        .isInstanceOf(UserException.class)
        .hasMessageContaining("canary cat: label")
        .hasMessageContaining("cosine -1.00000 (expected: label class1, cosine >= 0.9999)");
  }

  @Test
  void refusesAModelWhoseAnswerDependsOnTheBatch() {
    Decomposer moody =
        new Changed(UnaryOperator.identity()) {
          @Override
          public List<Decomposition> decompose(List<RgbImage> images) {
            return images.size() == 1
                ? super.decompose(images).stream().map(d -> scaled(d, -1, -1)).toList()
                : super.decompose(images);
          }
        };

    assertThatThrownBy(() -> Admission.check(handle(moody), Optional.empty()))
        .isInstanceOf(UserException.class)
        .hasMessageContaining("depends on its neighbours in the batch");
  }

  @Test
  void refusesCanariesOfAnotherModel(@TempDir Path folder) throws IOException {
    Path file = folder.resolve("canaries.json");
    canaries.save(file);
    Files.writeString(
        file, Files.readString(file).replaceAll("\"embedding\" : \\[[^,]*,", "\"embedding\" : ["));

    assertThatThrownBy(() -> Admission.check(handle(MODEL), Optional.of(Canaries.load(file))))
        .isInstanceOf(UserException.class)
        .hasMessageContaining("embedding of 23 (expected: 8 and 24)");
  }

  @Test
  void canariesSurviveTheirFile(@TempDir Path folder) throws IOException {
    Path file = folder.resolve("canaries.json");
    canaries.save(file);

    Canaries loaded = Canaries.load(file);

    assertThat(loaded.all()).hasSize(2);
    for (int i = 0; i < 2; i++) {
      Canaries.Canary before = canaries.all().get(i);
      Canaries.Canary after = loaded.all().get(i);
      assertThat(after.name()).isEqualTo(before.name());
      assertThat(after.image()).isEqualTo(before.image());
      assertThat(after.label()).isEqualTo(before.label());
      assertThat(after.embedding()).containsExactly(before.embedding());
    }
  }

  @Test
  void saysWhatIsWrongWithACanaryFile(@TempDir Path folder) throws IOException {
    Path file = folder.resolve("canaries.json");
    for (String bad :
        List.of(
            "",
            "{",
            "[]",
            "{\"format\":\"headgate-canaries/1\",\"canaries\":[]}",
            "{\"format\":\"headgate-canaries/1\",\"canaries\":[{\"side\":4,\"rgb\":\"AA==\"}]}",
            "{\"format\":\"headgate-canaries/1\",\"canaries\":[{\"side\":0,\"rgb\":\"\"}]}",
            "{\"format\":\"headgate-canaries/1\",\"canaries\":[{\"side\":4,\"rgb\":\"?\"}]}")) {
      Files.writeString(file, bad);
      assertThatThrownBy(() -> Canaries.load(file))
          .isInstanceOf(UserException.class)
          .hasMessageContaining("canaries.json")
          .hasMessageContaining("expected: what 'headgate canaries' writes");
    }
  }

  private static ModelHandle handle(Decomposer model) {
    return new ModelHandle(model, Optional.of(MODEL.classifier()), "fp32", () -> {});
  }

  private static Decomposer changed(UnaryOperator<Decomposition> change) {
    return new Changed(change);
  }

  private static Decomposition scaled(Decomposition d, float heads, float embedding) {
    return new Decomposition(
        d.shape(),
        times(d.embedding(), embedding),
        times(d.heads(), heads),
        times(d.mlps(), embedding),
        d.norm(),
        d.sigma(),
        d.lastLayerTokens());
  }

  private static float[] times(float[] values, float factor) {
    float[] scaled = values.clone();
    for (int i = 0; i < scaled.length; i++) {
      scaled[i] *= factor;
    }
    return scaled;
  }

  /** The fake model with its answers changed. */
  private static class Changed implements Decomposer {
    private final UnaryOperator<Decomposition> change;

    Changed(UnaryOperator<Decomposition> change) {
      this.change = change;
    }

    @Override
    public ModelShape shape() {
      return MODEL.shape();
    }

    @Override
    public String fingerprint() {
      return MODEL.fingerprint();
    }

    @Override
    public List<Decomposition> decompose(List<RgbImage> images) {
      return new ArrayList<>(MODEL.decompose(images).stream().map(change).toList());
    }

    @Override
    public List<Decomposition> decomposeWithout(List<RgbImage> images, int[][] patchTokens) {
      return MODEL.decomposeWithout(images, patchTokens);
    }

    @Override
    public List<float[]> tokenContributions(List<RgbImage> images, float[][] directions) {
      return MODEL.tokenContributions(images, directions);
    }
  }
}
