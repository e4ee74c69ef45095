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

  /** The wanted part of a row that waits for its partner. */
  private final byte[] upper;

  /** Its number. */
  private int upperRow = NO_ROW;

  /** Two rows, {@code [endColumn - firstColumn, 3]}: the upper one in the low halves. */
  private final long[] lanes;

  private final long[] wideCoefficients;
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
    this.upper = sameWidth ? null : new byte[(endColumn - firstColumn) * CHANNELS];
    this.lanes = sameWidth ? null : new long[upper.length];
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
    } else if (upperRow == NO_ROW) {
      System.arraycopy(pixels, from, upper, 0, upper.length);
      upperRow = y;
    } else {
      pair(upper, pixels, from, lanes);
      narrow(upperRow, y);
      upperRow = NO_ROW;
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
    if (upperRow != NO_ROW) {
      pair(upper, upper, 0, lanes);
      narrow(upperRow, upperRow);
      upperRow = NO_ROW;
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

  private static void pair(byte[] upper, byte[] lower, int from, long[] lanes) {
    for (int i = 0; i < lanes.length; i++) {
      lanes[i] = upper[i] & 0xff | (long) (lower[from + i] & 0xff) << 32;
    }
  }

  /** The horizontal pass of the two rows in the lanes, two taps at a time. */
  private void narrow(int upperRow, int lowerRow) {
    long[] x = lanes;
    long[] c = wideCoefficients;
    int upperAt = (upperRow - firstRow) * size * CHANNELS;
    int lowerAt = (lowerRow - firstRow) * size * CHANNELS;
    for (int i = 0; i < size; i++) {
      int in = (horizontal.first[i] - firstColumn) * CHANNELS;
      int k = i * horizontal.stride;
      int taps = horizontal.count[i];
      long r = 0;
      long g = 0;
      long b = 0;
      int t = 0;
      for (; t < taps - 1; t += 2) {
        long c0 = c[k + t];
        long c1 = c[k + t + 1];
        int at = in + t * CHANNELS;
        r += c0 * x[at] + c1 * x[at + 3];
        g += c0 * x[at + 1] + c1 * x[at + 4];
        b += c0 * x[at + 2] + c1 * x[at + 5];
      }
      if (t < taps) {
        long c0 = c[k + t];
        int at = in + t * CHANNELS;
        r += c0 * x[at];
        g += c0 * x[at + 1];
        b += c0 * x[at + 2];
      }
      put(r, upperAt, lowerAt);
      put(g, upperAt + 1, lowerAt + 1);
      put(b, upperAt + 2, lowerAt + 2);
      upperAt += CHANNELS;
      lowerAt += CHANNELS;
    }
  }

  private void put(long sums, int upperAt, int lowerAt) {
    int upperSum = (int) sums;
    int lowerSum = (int) (sums - upperSum >> 32);
    narrowed[lowerAt] = BicubicTaps.clip8(lowerSum + BicubicTaps.ROUNDING);
    narrowed[upperAt] = BicubicTaps.clip8(upperSum + BicubicTaps.ROUNDING);
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
