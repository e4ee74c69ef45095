package io.headgate.lab.scenes;

/** Small float planes made larger, as PyTorch's {@code interpolate} does it. */
public final class Resample {
  private static final double A = -0.75; // PyTorch's cubic coefficient

  private Resample() {}

  /** Bilinear, corners not aligned: {@code [n, n]} to {@code [side, side]}. */
  public static float[] bilinear(float[] in, int n, int side) {
    float[] out = new float[side * side];
    for (int y = 0; y < side; y++) {
      double sy = Math.max(0, (y + 0.5) * n / side - 0.5);
      int y0 = Math.min((int) sy, n - 1);
      int y1 = Math.min(y0 + 1, n - 1);
      double fy = sy - y0;
      for (int x = 0; x < side; x++) {
        double sx = Math.max(0, (x + 0.5) * n / side - 0.5);
        int x0 = Math.min((int) sx, n - 1);
        int x1 = Math.min(x0 + 1, n - 1);
        double fx = sx - x0;
        out[y * side + x] =
            (float)
                ((1 - fy) * ((1 - fx) * in[y0 * n + x0] + fx * in[y0 * n + x1])
                    + fy * ((1 - fx) * in[y1 * n + x0] + fx * in[y1 * n + x1]));
      }
    }
    return out;
  }

  /** Bicubic: {@code [n, n]} to {@code [side, side]}. */
  public static float[] bicubic(float[] in, int n, int side, boolean alignCorners) {
    int[][] index = new int[side][4];
    double[][] weight = new double[side][4];
    for (int i = 0; i < side; i++) {
      double s = alignCorners ? i * (n - 1.0) / Math.max(1, side - 1) : (i + 0.5) * n / side - 0.5;
      int base = (int) Math.floor(s);
      for (int j = 0; j < 4; j++) {
        index[i][j] = Math.min(n - 1, Math.max(0, base - 1 + j));
        weight[i][j] = cubic(Math.abs(s - (base - 1 + j)));
      }
    }
    double[] rows = new double[n * side];
    for (int y = 0; y < n; y++) {
      for (int x = 0; x < side; x++) {
        double sum = 0;
        for (int j = 0; j < 4; j++) {
          sum += weight[x][j] * in[y * n + index[x][j]];
        }
        rows[y * side + x] = sum;
      }
    }
    float[] out = new float[side * side];
    for (int y = 0; y < side; y++) {
      for (int x = 0; x < side; x++) {
        double sum = 0;
        for (int j = 0; j < 4; j++) {
          sum += weight[y][j] * rows[index[y][j] * side + x];
        }
        out[y * side + x] = (float) sum;
      }
    }
    return out;
  }

  private static double cubic(double d) {
    if (d <= 1) {
      return ((A + 2) * d - (A + 3)) * d * d + 1;
    }
    return d < 2 ? ((A * d - 5 * A) * d + 8 * A) * d - 4 * A : 0;
  }
}
