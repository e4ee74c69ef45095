package io.headgate.clip;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import ai.djl.ndarray.NDManager;
import io.headgate.console.UserException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

/** What is admitted, and what is refused with figures and a remedy. */
class PrecisionTest {
  private static final Admission SOUND = new Admission(Precision.BF16, 0.002, 0.9999, 1e-3, 1.9);

  @Test
  void admitsWhatIsCloseAndFaster() {
    assertThat(SOUND.admitted()).isTrue();
    SOUND.require(Path.of("model"));
  }

  @Test
  void refusesWhatIsFarOffSlowerOrNoNumber() {
    assertRefused(
        new Admission(Precision.BF16, 0.06, 0.9999, 1e-3, 1.9), "similarity error 0.0600");
    assertRefused(new Admission(Precision.BF16, 0.002, 0.99, 1e-3, 1.9), "cosine 0.990000");
    assertRefused(new Admission(Precision.BF16, 0.002, 0.9999, 1e-3, 0.4), "speed 0.40x");
    assertRefused(new Admission(Precision.BF16, Double.NaN, 0.9999, 1e-3, 1.9), "NaN");
    assertRefused(new Admission(Precision.BF16, 0.002, Double.NaN, 1e-3, 1.9), "NaN");
  }

  private static void assertRefused(Admission figures, String figure) {
    assertThat(figures.admitted()).isFalse();
    assertThatThrownBy(() -> figures.require(Path.of("model")))
        .isInstanceOf(UserException.class)
        .hasMessageContaining("model: bf16 against fp32")
        .hasMessageContaining(figure)
        .hasMessageContaining("remedy: precision fp32");
  }

  @Test
  void comparesModelsThatTakeFewImagesAtOnce() {
    VisionSpec spec = RandomModels.spec(5);
    try (NDManager manager = Engine.newManager("cpu");
        VisionModel bf16 =
            RandomModels.model(manager, spec, 5, Arithmetic.plain(Precision.BF16), 2);
        VisionModel fp32 =
            RandomModels.model(manager, spec, 5, Arithmetic.packed(Precision.FP32), 3)) {
      Admission figures = SelfTest.compare(bf16, fp32, spec.shape(), Precision.BF16, false);

      assertThat(figures.cosine()).isBetween(0.99, 1.0001);
      assertThat(figures.similarityError()).isBetween(1e-6, 0.2);
      assertThat(figures.residual()).isBetween(1e-6, 0.05);
      assertThat(figures.speedRatio()).isPositive();
    }
  }

  @Test
  void refusesHalfPrecisionOnTheCpu() throws Exception {
    Path model = GoldenTest.fixture("tiny-gelu");

    assertThatThrownBy(
            () -> ClipModel.open(model, ClipOptions.defaults().withPrecision(Precision.FP16)))
        .isInstanceOf(UserException.class)
        .hasMessageContaining("fp16 on the cpu");
  }

  @Test
  void saysThatAGpuIsMissing() throws Exception {
    Path model = GoldenTest.fixture("tiny-gelu");

    assertThatThrownBy(() -> ClipModel.open(model, ClipOptions.defaults().withDevice("gpu99")))
        .isInstanceOf(UserException.class)
        .hasMessageContaining("gpu99")
        .hasMessageContaining("-Pgpu");
  }
}
