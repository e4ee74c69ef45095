package io.headgate.imaging;

/**
 * libjpeg's accurate integer inverse DCT ({@code jidctint.c}: Loeffler, Ligtenberg and Moschytz, 13
 * bits of constants, 2 extra bits between the passes).
 */
final class JpegTransform {
  private static final int CONST_BITS = 13;
  private static final int PASS1_BITS = 2;
  private static final int PASS1_SHIFT = CONST_BITS - PASS1_BITS;
  private static final int PASS1_ROUNDING = 1 << PASS1_SHIFT - 1;
  private static final int PASS2_SHIFT = CONST_BITS + PASS1_BITS + 3;
  private static final int PASS2_ROUNDING = 1 << PASS2_SHIFT - 1;

  private static final int C_0_298 = 2446;
  private static final int C_0_390 = 3196;
  private static final int C_0_541 = 4433;
  private static final int C_0_765 = 6270;
  private static final int C_0_899 = 7373;
  private static final int C_1_175 = 9633;
  private static final int C_1_501 = 12299;
  private static final int C_1_847 = 15137;
  private static final int C_1_961 = 16069;
  private static final int C_2_053 = 16819;
  private static final int C_2_562 = 20995;
  private static final int C_3_072 = 25172;

  private JpegTransform() {}

  /**
   * @param in coefficients, natural order, from {@code at}
   * @param steps quantization, natural order
   * @param w 64 numbers to work in
   * @param out samples, 8 rows of 8 from {@code to}, {@code stride} apart
   */
  static void inverse(short[] in, int at, int[] steps, int[] w, byte[] out, int to, int stride) {
    boolean flat = true;
    for (int i = 1; i < JpegComponent.BLOCK_SIZE && flat; i++) {
      flat = in[at + i] == 0;
    }
    if (flat) {
      byte sample =
          sample((in[at] * steps[0] << PASS1_BITS) + (1 << PASS1_BITS + 2) >> PASS1_BITS + 3);
      for (int row = 0; row < JpegComponent.BLOCK; row++) {
        java.util.Arrays.fill(out, to + row * stride, to + row * stride + 8, sample);
      }
      return;
    }
    for (int i = 0; i < JpegComponent.BLOCK; i++) {
      column(in, at + i, steps, i, w);
    }
    for (int row = 0; row < JpegComponent.BLOCK; row++) {
      row(w, row * JpegComponent.BLOCK, out, to + row * stride);
    }
  }

  private static void column(short[] in, int at, int[] steps, int i, int[] w) {
    if ((in[at + 8]
            | in[at + 16]
            | in[at + 24]
            | in[at + 32]
            | in[at + 40]
            | in[at + 48]
            | in[at + 56])
        == 0) {
      int dc = in[at] * steps[i] << PASS1_BITS;
      for (int k = 0; k < JpegComponent.BLOCK_SIZE; k += 8) {
        w[i + k] = dc;
      }
      return;
    }
    int z2 = in[at + 16] * steps[i + 16];
    int z3 = in[at + 48] * steps[i + 48];
    int z1 = (z2 + z3) * C_0_541;
    int t2 = z1 - z3 * C_1_847;
    int t3 = z1 + z2 * C_0_765;
    z2 = in[at] * steps[i];
    z3 = in[at + 32] * steps[i + 32];
    int t0 = z2 + z3 << CONST_BITS;
    int t1 = z2 - z3 << CONST_BITS;
    int t10 = t0 + t3 + PASS1_ROUNDING;
    int t13 = t0 - t3 + PASS1_ROUNDING;
    int t11 = t1 + t2 + PASS1_ROUNDING;
    int t12 = t1 - t2 + PASS1_ROUNDING;

    t0 = in[at + 56] * steps[i + 56];
    t1 = in[at + 40] * steps[i + 40];
    t2 = in[at + 24] * steps[i + 24];
    t3 = in[at + 8] * steps[i + 8];
    int s1 = -(t0 + t3) * C_0_899;
    int s2 = -(t1 + t2) * C_2_562;
    int s3 = t0 + t2;
    int s4 = t1 + t3;
    int s5 = (s3 + s4) * C_1_175;
    s3 = s5 - s3 * C_1_961;
    s4 = s5 - s4 * C_0_390;
    t0 = t0 * C_0_298 + s1 + s3;
    t1 = t1 * C_2_053 + s2 + s4;
    t2 = t2 * C_3_072 + s2 + s3;
    t3 = t3 * C_1_501 + s1 + s4;

    w[i] = t10 + t3 >> PASS1_SHIFT;
    w[i + 56] = t10 - t3 >> PASS1_SHIFT;
    w[i + 8] = t11 + t2 >> PASS1_SHIFT;
    w[i + 48] = t11 - t2 >> PASS1_SHIFT;
    w[i + 16] = t12 + t1 >> PASS1_SHIFT;
    w[i + 40] = t12 - t1 >> PASS1_SHIFT;
    w[i + 24] = t13 + t0 >> PASS1_SHIFT;
    w[i + 32] = t13 - t0 >> PASS1_SHIFT;
  }

  private static void row(int[] w, int i, byte[] out, int to) {
    int z2 = w[i + 2];
    int z3 = w[i + 6];
    int z1 = (z2 + z3) * C_0_541;
    int t2 = z1 - z3 * C_1_847;
    int t3 = z1 + z2 * C_0_765;
    int t0 = w[i] + w[i + 4] << CONST_BITS;
    int t1 = w[i] - w[i + 4] << CONST_BITS;
    int t10 = t0 + t3 + PASS2_ROUNDING;
    int t13 = t0 - t3 + PASS2_ROUNDING;
    int t11 = t1 + t2 + PASS2_ROUNDING;
    int t12 = t1 - t2 + PASS2_ROUNDING;

    t0 = w[i + 7];
    t1 = w[i + 5];
    t2 = w[i + 3];
    t3 = w[i + 1];
    int s1 = -(t0 + t3) * C_0_899;
    int s2 = -(t1 + t2) * C_2_562;
    int s3 = t0 + t2;
    int s4 = t1 + t3;
    int s5 = (s3 + s4) * C_1_175;
    s3 = s5 - s3 * C_1_961;
    s4 = s5 - s4 * C_0_390;
    t0 = t0 * C_0_298 + s1 + s3;
    t1 = t1 * C_2_053 + s2 + s4;
    t2 = t2 * C_3_072 + s2 + s3;
    t3 = t3 * C_1_501 + s1 + s4;

    out[to] = sample(t10 + t3 >> PASS2_SHIFT);
    out[to + 7] = sample(t10 - t3 >> PASS2_SHIFT);
    out[to + 1] = sample(t11 + t2 >> PASS2_SHIFT);
    out[to + 6] = sample(t11 - t2 >> PASS2_SHIFT);
    out[to + 2] = sample(t12 + t1 >> PASS2_SHIFT);
    out[to + 5] = sample(t12 - t1 >> PASS2_SHIFT);
    out[to + 3] = sample(t13 + t0 >> PASS2_SHIFT);
    out[to + 4] = sample(t13 - t0 >> PASS2_SHIFT);
  }

  private static byte sample(int value) {
    int sample = value + 128;
    return (byte) (sample < 0 ? 0 : Math.min(sample, 255));
  }
}
