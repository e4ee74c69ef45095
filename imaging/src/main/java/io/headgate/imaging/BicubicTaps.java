package io.headgate.imaging;

/**
 * The filter taps of one resampling pass for a range of output positions: Pillow's antialiased
 * bicubic (a = −0.5), with coefficients normalised in double and rounded to 22-bit fixed point
 * ({@code precompute_coeffs} and {@code normalize_coeffs_8bpc} of Pillow's {@code Resample.c}).
 */
final class BicubicTaps {
  /** Fraction bits of a coefficient. */
  static final int PRECISION_BITS = 22;

  /** Half, to round when the fraction is shifted out. */
  static final int ROUNDING = 1 << (PRECISION_BITS - 1);

  private static final double A = -0.5;
  private static final double SUPPORT = 2;

  /** First input of each output. */
  final int[] first;

  /** Inputs of each output. */
  final int[] count;

  /** Coefficients, {@link #stride} apart per output. */
  final int[] coefficients;

  final int stride;

  /**
   * @param in input length
   * @param out output length
   * @param from first output wanted
   * @param outputs how many outputs are wanted
   */
  BicubicTaps(int in, int out, int from, int outputs) {
    double scale = (double) in / out;
    double filterScale = Math.max(scale, 1);
    double support = SUPPORT * filterScale;
    stride = (int) Math.ceil(support) * 2 + 1;
    first = new int[outputs];
    count = new int[outputs];
    coefficients = new int[outputs * stride];
    double[] weights = new double[stride];
    for (int i = 0; i < outputs; i++) {
      double centre = (from + i + 0.5) * scale;
      double inverse = 1.0 / filterScale;
      int min = Math.max((int) (centre - support + 0.5), 0);
      int taps = Math.min((int) (centre + support + 0.5), in) - min;
      double sum = 0;
      for (int t = 0; t < taps; t++) {
        weights[t] = bicubic((t + min - centre + 0.5) * inverse);
        sum += weights[t];
      }
      for (int t = 0; t < taps; t++) {
        double weight = sum != 0 ? weights[t] / sum : weights[t];
        coefficients[i * stride + t] =
            (int) ((weight < 0 ? -0.5 : 0.5) + weight * (1 << PRECISION_BITS));
      }
      first[i] = min;
      count[i] = taps;
    }
  }

  /** One past the last input that any output uses. */
  int endInput() {
    int last = first.length - 1;
    return first[last] + count[last];
  }

  static int clip8(int sum) {
    int value = sum >> PRECISION_BITS;
    return value < 0 ? 0 : Math.min(value, 255);
  }

  private static double bicubic(double distance) {
    double x = Math.abs(distance);
    if (x < 1) {
      return ((A + 2) * x - (A + 3)) * x * x + 1;
    }
    return x < 2 ? (((x - 5) * x + 8) * x - 4) * A : 0;
  }
}
