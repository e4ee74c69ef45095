package io.headgate.lab.attacks;

import io.headgate.imaging.RgbImage;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;

/**
 * A stand-in for ISSBA (Li et al. 2021), not ISSBA itself, whose trained encoder network cannot be
 * had: a keyed ±1 pattern in the lower middle DCT band of every 8×8 block, as strong as the block's
 * own contrast allows. Like ISSBA's it is sample-specific and barely visible.
 */
record SpreadSpectrumAttack(long seed) implements Attack {
  private static final int N = 8;
  private static final double[][] DCT = dct();

  @Override
  public String name() {
    return "issba-like";
  }

  @Override
  public RgbImage apply(RgbImage image, RandomGenerator random) {
    SplittableRandom key = new SplittableRandom(9700 + seed);
    int w = image.width();
    byte[] rgb = image.rgb().clone();
    for (int c = 0; c < 3; c++) {
      for (int y = 0; y + N <= image.height(); y += N) {
        for (int x = 0; x + N <= w; x += N) {
          block(rgb, w, x, y, c, pattern(key));
        }
      }
    }
    return new RgbImage(w, image.height(), rgb);
  }

  private static void block(byte[] rgb, int width, int left, int top, int c, double[] pattern) {
    double[] v = new double[N * N];
    for (int i = 0; i < v.length; i++) {
      v[i] = Levels.value(rgb[((top + i / N) * width + left + i % N) * 3 + c]);
    }
    double amplitude = Math.min(14 / 255.0, 7 / 255.0 + 0.12 * deviation(v));
    for (int i = 0; i < v.length; i++) {
      rgb[((top + i / N) * width + left + i % N) * 3 + c] =
          Levels.of(v[i] + amplitude * pattern[i]);
    }
  }

  /** {@code [8, 8]} of unit deviation. */
  private static double[] pattern(SplittableRandom key) {
    double[] band = new double[N * N];
    for (int i = 0; i < N; i++) {
      for (int j = 0; j < N; j++) {
        double sign = key.nextBoolean() ? 1 : -1;
        band[i * N + j] = i + j >= 2 && i + j <= 4 ? sign : 0;
      }
    }
    double[] out = new double[N * N];
    for (int y = 0; y < N; y++) {
      for (int x = 0; x < N; x++) {
        double sum = 0;
        for (int i = 0; i < N; i++) {
          for (int j = 0; j < N; j++) {
            sum += DCT[i][y] * band[i * N + j] * DCT[j][x];
          }
        }
        out[y * N + x] = sum;
      }
    }
    double d = deviation(out);
    for (int i = 0; i < out.length; i++) {
      out[i] /= d;
    }
    return out;
  }

  private static double deviation(double[] v) {
    double mean = 0;
    for (double x : v) {
      mean += x / v.length;
    }
    double sum = 0;
    for (double x : v) {
      sum += (x - mean) * (x - mean);
    }
    return Math.sqrt(sum / (v.length - 1));
  }

  /** The orthonormal DCT-II, rows are frequencies. */
  private static double[][] dct() {
    double[][] d = new double[N][N];
    for (int k = 0; k < N; k++) {
      for (int n = 0; n < N; n++) {
        d[k][n] = Math.cos(Math.PI * (n + 0.5) * k / N) * Math.sqrt((k == 0 ? 1.0 : 2.0) / N);
      }
    }
    return d;
  }
}
