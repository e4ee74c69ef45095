package io.headgate.imaging;

import java.util.Arrays;

/**
 * One plane of a frame with the border its prediction looks at: a row of 127 above, a column of 129
 * to the left, and four samples to the right.
 */
final class Vp8Plane {
  private static final int ABOVE = 127;
  private static final int LEFT = 129;
  private static final int RIGHT_BORDER = 4;

  final byte[] samples;
  final int stride;

  Vp8Plane(int width, int height) {
    stride = 1 + width + RIGHT_BORDER;
    samples = new byte[Math.multiplyExact(stride, height + 1)];
    Arrays.fill(samples, 0, stride, (byte) ABOVE);
    for (int row = 1; row <= height; row++) {
      samples[row * stride] = (byte) LEFT;
    }
  }

  int at(int x, int y) {
    return (y + 1) * stride + x + 1;
  }

  /**
   * Right of the last macroblock's upper neighbours there is nothing: below the first row their
   * last sample is repeated.
   */
  void extendAboveRight(int x, int y, boolean last) {
    if (last && y > 0) {
      int to = at(x + 16, y - 1);
      Arrays.fill(samples, to, to + RIGHT_BORDER, samples[to - 1]);
    }
  }
}
