package io.headgate.weights;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Random;
import org.junit.jupiter.api.Test;

class HalfTest {
  /** The definition of binary16, in double arithmetic. */
  private static double value(int bits) {
    int exponent = bits >> 10 & 31;
    int fraction = bits & 1023;
    double magnitude =
        exponent == 31
            ? fraction == 0 ? Double.POSITIVE_INFINITY : Double.NaN
            : exponent == 0
                ? fraction * 0x1p-24
                : (1 + fraction * 0x1p-10) * Math.pow(2, exponent - 15);
    return (bits & 0x8000) == 0 ? magnitude : -magnitude;
  }

  @Test
  void readsEveryBitPatternExactly() {
    for (int bits = 0; bits < 1 << 16; bits++) {
      assertThat(Half.toFloat((short) bits)).isEqualTo(Float.valueOf((float) value(bits)));
    }
  }

  @Test
  void writesEveryHalfAsItself() {
    for (int bits = 0; bits < 1 << 16; bits++) {
      if (!Double.isNaN(value(bits))) {
        assertThat(Half.fromFloat(Half.toFloat((short) bits))).isEqualTo((short) bits);
      }
    }
    assertThat(Half.toFloat(Half.fromFloat(Float.NaN))).isNaN();
  }

  @Test
  void roundsToTheNearestHalfAndTiesToEven() {
    Random random = new Random(5);
    for (int i = 0; i < 200_000; i++) {
      int below = random.nextInt(0x7bff);
      double lower = value(below);
      double upper = value(below + 1);
      double middle = (lower + upper) / 2;
      float between = (float) (lower + (upper - lower) * random.nextDouble());
      int expected = between < middle || between == middle && below % 2 == 0 ? below : below + 1;

      assertThat(Half.fromFloat(between)).isEqualTo((short) expected);
      assertThat(Half.fromFloat((float) middle))
          .isEqualTo((short) (below % 2 == 0 ? below : below + 1));
    }
  }

  @Test
  void overflowsToInfinityFromHalfwayOn() {
    assertThat(Half.toFloat(Half.fromFloat(65519.996f))).isEqualTo(65504);
    assertThat(Half.toFloat(Half.fromFloat(65520))).isInfinite();
    assertThat(Half.toFloat(Half.fromFloat(-1e30f))).isEqualTo(Float.NEGATIVE_INFINITY);
  }
}
