package io.headgate.imaging;

import java.util.Arrays;

/**
 * Resizes and crops a picture as its rows arrive: the horizontal pass at once, only for the columns
 * of the crop and the rows that reach it, and the vertical pass at the end. Both passes round and
 * clip to 8 bits, and a pass that changes no size is skipped, as in Pillow's {@code Resample.c}.
 * Not thread-safe; one per picture.
 *
 * <p>The horizontal pass takes two rows at a time: a 64-bit lane holds a sample of the upper row in
 * its low and one of the lower row in its high half, so that one multiplication serves both. The
 * sums cannot run into each other: a sum of 255 times the coefficients stays below 2^31, and the
 * borrow of a negative low half is given back when the halves are taken apart.
 */
final class CropResampler implements RowSink {
  private static final int CHANNELS = RgbImage.CHANNELS;
  private static final int NO_ROW = -1;

  private final int size;
  private final int left;
  private final BicubicTaps horizontal;
  private final BicubicTaps vertical;
  private final int firstColumn;
  private final int endColumn;
  private final int firstRow;
  private final int endRow;

  /** Rows after the horizontal pass, {@code [endRow - firstRow, size, 3]}, one sample an int. */
  private final int[] narrowed;

  /** Two rows, {@code [endColumn - firstColumn, 3]}. */
  private final long[] lanes;

  private final long[] wideCoefficients;

  /** The row that waits in the low halves for its partner. */
  private int waiting = NO_ROW;

  private int rowsSeen;

  /**
   * @param width of the picture, in pixels
   * @param height of the picture, in pixels
   * @param size side of the crop, in pixels
   */
  CropResampler(int width, int height, int size) {
    CropGeometry geometry = CropGeometry.of(width, height, size);
    this.size = size;
    this.left = geometry.left();
    boolean sameWidth = geometry.resizedWidth() == width;
    this.horizontal =
        sameWidth ? null : new BicubicTaps(width, geometry.resizedWidth(), left, size);
    this.firstColumn = sameWidth ? left : horizontal.first[0];
    this.endColumn = sameWidth ? left + size : horizontal.endInput();
    int top = geometry.top();
    boolean sameHeight = geometry.resizedHeight() == height;
    this.vertical =
        sameHeight ? null : new BicubicTaps(height, geometry.resizedHeight(), top, size);
    this.firstRow = sameHeight ? top : vertical.first[0];
    this.endRow = sameHeight ? top + size : vertical.endInput();
    this.narrowed = new int[(endRow - firstRow) * size * CHANNELS];
    this.lanes = sameWidth ? null : new long[(endColumn - firstColumn) * CHANNELS];
    this.wideCoefficients =
        sameWidth ? null : Arrays.stream(horizontal.coefficients).asLongStream().toArray();
  }

  @Override
  public int firstColumn() {
    return firstColumn;
  }

  @Override
  public int endColumn() {
    return endColumn;
  }

  @Override
  public boolean wants(int y) {
    return y >= firstRow && y < endRow;
  }

  @Override
  public void row(int y, byte[] pixels, int offset) {
    if (!wants(y)) {
      return;
    }
    rowsSeen++;
    int from = offset + firstColumn * CHANNELS;
    if (horizontal == null) {
      unpack(pixels, from, narrowed, (y - firstRow) * size * CHANNELS, size * CHANNELS);
    } else if (waiting == NO_ROW) {
      fillLow(pixels, from, lanes);
      waiting = y;
    } else {
      fillHigh(pixels, from, lanes);
      narrow(waiting, y);
      waiting = NO_ROW;
    }
  }

  /**
   * The crop, {@code [size, size, 3]}.
   *
   * @throws IllegalStateException if a wanted row never came
   */
  RgbImage finish() {
    if (rowsSeen != endRow - firstRow) {
      throw new IllegalStateException(
          "rows: %d (expected: %d)".formatted(rowsSeen, endRow - firstRow));
    }
    if (waiting != NO_ROW) {
      narrow(waiting, waiting);
      waiting = NO_ROW;
    }
    byte[] crop = new byte[size * size * CHANNELS];
    if (vertical == null) {
      for (int i = 0; i < crop.length; i++) {
        crop[i] = (byte) narrowed[i];
      }
    } else {
      shorten(crop);
    }
    return new RgbImage(size, size, crop);
  }

  private static void unpack(byte[] from, int at, int[] to, int out, int count) {
    for (int i = 0; i < count; i++) {
      to[out + i] = from[at + i] & 0xff;
    }
  }

  private static void fillLow(byte[] pixels, int from, long[] lanes) {
    for (int i = 0; i < lanes.length; i++) {
      lanes[i] = pixels[from + i] & 0xff;
    }
  }

  private static void fillHigh(byte[] pixels, int from, long[] lanes) {
    for (int i = 0; i < lanes.length; i++) {
      lanes[i] |= (long) (pixels[from + i] & 0xff) << 32;
    }
  }

  /** The horizontal pass of the two rows in the lanes. */
  private void narrow(int lowRow, int highRow) {
    int low = (lowRow - firstRow) * size * CHANNELS;
    int high = (highRow - firstRow) * size * CHANNELS;
    // The high row first: without a partner both are the same row, and the low half holds it.
    for (int i = 0; i < size; i++) {
      int in = (horizontal.first[i] - firstColumn) * CHANNELS;
      int k = i * horizontal.stride;
      int end = k + horizontal.count[i];
      long r = 0;
      long g = 0;
      long b = 0;
      for (; k < end; k++, in += CHANNELS) {
        long c = wideCoefficients[k];
        r += c * lanes[in];
        g += c * lanes[in + 1];
        b += c * lanes[in + 2];
      }
      put(r, low, high);
      put(g, low + 1, high + 1);
      put(b, low + 2, high + 2);
      low += CHANNELS;
      high += CHANNELS;
    }
  }

  private void put(long sums, int low, int high) {
    int lowSum = (int) sums;
    int highSum = (int) (sums - lowSum >> 32);
    narrowed[high] = BicubicTaps.clip8(highSum + BicubicTaps.ROUNDING);
    narrowed[low] = BicubicTaps.clip8(lowSum + BicubicTaps.ROUNDING);
  }

  /** The vertical pass. */
  private void shorten(byte[] crop) {
    int rowLength = size * CHANNELS;
    int[] sums = new int[rowLength];
    for (int i = 0; i < size; i++) {
      Arrays.fill(sums, BicubicTaps.ROUNDING);
      int in = (vertical.first[i] - firstRow) * rowLength;
      int k = i * vertical.stride;
      int end = k + vertical.count[i];
      for (; k < end; k++, in += rowLength) {
        addScaled(sums, narrowed, in, vertical.coefficients[k]);
      }
      for (int x = 0; x < rowLength; x++) {
        crop[i * rowLength + x] = (byte) BicubicTaps.clip8(sums[x]);
      }
    }
  }

  private static void addScaled(int[] sums, int[] row, int at, int factor) {
    for (int x = 0; x < sums.length; x++) {
      sums[x] += factor * row[at + x];
    }
  }
}
