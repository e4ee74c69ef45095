package io.headgate.imaging;

/** Resize and centre crop straight from the rules: the oracle for {@link CropResampler}. */
final class NaiveResampler {
  private NaiveResampler() {}

  static RgbImage crop(RgbImage image, int size) {
    int shortSide = Math.min(image.width(), image.height());
    int width = (int) ((double) size * image.width() / shortSide);
    int height = (int) ((double) size * image.height() / shortSide);
    int[][][] pixels = new int[image.height()][image.width()][3];
    for (int y = 0; y < image.height(); y++) {
      for (int x = 0; x < image.width(); x++) {
        for (int c = 0; c < 3; c++) {
          pixels[y][x][c] = image.rgb()[(y * image.width() + x) * 3 + c] & 0xff;
        }
      }
    }
    if (width != image.width()) {
      pixels = resizeRows(pixels, width);
    }
    if (height != image.height()) {
      pixels = transpose(resizeRows(transpose(pixels), height));
    }
    int left = halfToEven(width - size);
    int top = halfToEven(height - size);
    byte[] rgb = new byte[size * size * 3];
    for (int y = 0; y < size; y++) {
      for (int x = 0; x < size; x++) {
        for (int c = 0; c < 3; c++) {
          rgb[(y * size + x) * 3 + c] = (byte) pixels[top + y][left + x][c];
        }
      }
    }
    return new RgbImage(size, size, rgb);
  }

  private static int halfToEven(int margin) {
    int half = margin / 2;
    return margin % 2 == 0 ? half : half + half % 2;
  }

  private static int[][][] resizeRows(int[][][] rows, int width) {
    int in = rows[0].length;
    int[][][] out = new int[rows.length][width][3];
    double scale = (double) in / width;
    double stretch = scale < 1 ? 1 : scale;
    for (int x = 0; x < width; x++) {
      double centre = (x + 0.5) * scale;
      int from = Math.max(0, (int) (centre - 2 * stretch + 0.5));
      int to = Math.min(in, (int) (centre + 2 * stretch + 0.5));
      double[] weights = new double[to - from];
      double sum = 0;
      for (int i = from; i < to; i++) {
        weights[i - from] = cubic((i - centre + 0.5) * (1.0 / stretch));
        sum += weights[i - from];
      }
      for (int y = 0; y < rows.length; y++) {
        for (int c = 0; c < 3; c++) {
          long total = 1 << 21;
          for (int i = from; i < to; i++) {
            double weight = weights[i - from] / sum * (1 << 22);
            total += (long) (int) (weight < 0 ? weight - 0.5 : weight + 0.5) * rows[y][i][c];
          }
          out[y][x][c] = (int) Math.max(0, Math.min(255, total >> 22));
        }
      }
    }
    return out;
  }

  private static double cubic(double at) {
    double x = Math.abs(at);
    double a = -0.5;
    if (x < 1) {
      return ((a + 2) * x - (a + 3)) * x * x + 1;
    }
    return x < 2 ? (((x - 5) * x + 8) * x - 4) * a : 0;
  }

  private static int[][][] transpose(int[][][] rows) {
    int[][][] out = new int[rows[0].length][rows.length][];
    for (int y = 0; y < rows.length; y++) {
      for (int x = 0; x < rows[0].length; x++) {
        out[x][y] = rows[y][x];
      }
    }
    return out;
  }
}
