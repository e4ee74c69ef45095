package io.headgate.imaging;

/**
 * Resizes and crops a picture as its rows arrive: the horizontal pass at once, only for the columns
 * of the crop and the rows that reach it, and the vertical pass at the end. Both passes round and
 * clip to 8 bits, and a pass that changes no size is skipped, as in Pillow's {@code Resample.c}.
 * Not thread-safe; one per picture.
 */
final class CropResampler implements RowSink {
  private static final int CHANNELS = RgbImage.CHANNELS;

  private final int size;
  private final int left;
  private final int top;
  private final BicubicTaps horizontal;
  private final BicubicTaps vertical;
  private final int firstRow;
  private final int endRow;

  /** Rows after the horizontal pass, {@code [endRow - firstRow, size, 3]}. */
  private final byte[] narrowed;

  private int rowsSeen;

  CropResampler(int width, int height, int size) {
    CropGeometry geometry = CropGeometry.of(width, height, size);
    this.size = size;
    this.left = geometry.left();
    this.top = geometry.top();
    this.horizontal =
        geometry.resizedWidth() == width
            ? null
            : new BicubicTaps(width, geometry.resizedWidth(), left, size);
    this.vertical =
        geometry.resizedHeight() == height
            ? null
            : new BicubicTaps(height, geometry.resizedHeight(), top, size);
    this.firstRow = vertical == null ? top : vertical.first[0];
    this.endRow = vertical == null ? top + size : vertical.endInput();
    this.narrowed = new byte[(endRow - firstRow) * size * CHANNELS];
  }

  @Override
  public int firstColumn() {
    return horizontal == null ? left : horizontal.first[0];
  }

  @Override
  public int endColumn() {
    return horizontal == null ? left + size : horizontal.endInput();
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
    int out = (y - firstRow) * size * CHANNELS;
    if (horizontal == null) {
      System.arraycopy(pixels, offset + left * CHANNELS, narrowed, out, size * CHANNELS);
      return;
    }
    for (int i = 0; i < size; i++) {
      int in = offset + horizontal.first[i] * CHANNELS;
      int k = i * horizontal.stride;
      int end = k + horizontal.count[i];
      int r = BicubicTaps.ROUNDING;
      int g = BicubicTaps.ROUNDING;
      int b = BicubicTaps.ROUNDING;
      for (; k < end; k++, in += CHANNELS) {
        int c = horizontal.coefficients[k];
        r += c * (pixels[in] & 0xff);
        g += c * (pixels[in + 1] & 0xff);
        b += c * (pixels[in + 2] & 0xff);
      }
      narrowed[out++] = (byte) BicubicTaps.clip8(r);
      narrowed[out++] = (byte) BicubicTaps.clip8(g);
      narrowed[out++] = (byte) BicubicTaps.clip8(b);
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
    if (vertical == null) {
      return new RgbImage(size, size, narrowed);
    }
    int rowLength = size * CHANNELS;
    byte[] crop = new byte[size * rowLength];
    int[] sums = new int[rowLength];
    for (int i = 0; i < size; i++) {
      java.util.Arrays.fill(sums, BicubicTaps.ROUNDING);
      int in = (vertical.first[i] - firstRow) * rowLength;
      for (int t = 0; t < vertical.count[i]; t++, in += rowLength) {
        int c = vertical.coefficients[i * vertical.stride + t];
        for (int x = 0; x < rowLength; x++) {
          sums[x] += c * (narrowed[in + x] & 0xff);
        }
      }
      for (int x = 0; x < rowLength; x++) {
        crop[i * rowLength + x] = (byte) BicubicTaps.clip8(sums[x]);
      }
    }
    return new RgbImage(size, size, crop);
  }
}
