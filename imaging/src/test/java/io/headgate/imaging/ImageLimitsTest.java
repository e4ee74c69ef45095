package io.headgate.imaging;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import org.junit.jupiter.api.Test;

class ImageLimitsTest {
  @Test
  void hasSafeDefaults() {
    assertThat(ImageLimits.defaults())
        .isEqualTo(new ImageLimits(33_554_432, 50_000_000, 100, 1000, Duration.ofSeconds(10)));
  }

  @Test
  void refusesLimitsThatLetNothingThroughOrEverything() {
    Duration second = Duration.ofSeconds(1);

    assertThatThrownBy(() -> new ImageLimits(0, 1, 1, 1, second)).hasMessageContaining("maxBytes");
    assertThatThrownBy(() -> new ImageLimits(1, 0, 1, 1, second)).hasMessageContaining("maxPixels");
    assertThatThrownBy(() -> new ImageLimits(1, 1, 0.5, 1, second))
        .hasMessageContaining("maxAspectRatio: 0.5");
    assertThatThrownBy(() -> new ImageLimits(1, 1, Double.NaN, 1, second))
        .hasMessageContaining("maxAspectRatio");
    assertThatThrownBy(() -> new ImageLimits(1, 1, 1, 0, second)).hasMessageContaining("maxFrames");
    assertThatThrownBy(() -> new ImageLimits(1, 1, 1, 1, Duration.ZERO))
        .hasMessageContaining("decodeDeadline");
  }
}
