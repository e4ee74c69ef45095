package io.headgate.imaging;

import java.util.Arrays;

/**
 * The first picture of a WebP file on its canvas. Alpha is dropped, so the ALPH chunk is not even
 * read. Pixels equal libwebp's, whose upsampling and colour conversion the rest of the world
 * follows.
 */
final class WebpDecoder {
  private WebpDecoder() {}

  static void decode(Bytes bytes, Deadline deadline, RowSink sink) throws ImageRejectedException {
    WebpFile file = WebpFile.parse(bytes, 1);
    RowSource picture =
        file.lossless()
            ? Vp8lDecoder.decode(bytes, file.data(), file.end(), deadline)
            : Vp8Decoder.decode(bytes, file.data(), file.end(), deadline);
    int firstColumn = Math.max(sink.firstColumn(), file.left());
    int endColumn = Math.min(sink.endColumn(), file.left() + file.pictureWidth());
    byte[] row = new byte[file.width() * RgbImage.CHANNELS];
    for (int y = 0; y < file.height(); y++) {
      if (!sink.wants(y)) {
        continue;
      }
      deadline.check();
      boolean inPicture = y >= file.top() && y < file.top() + file.pictureHeight();
      if (inPicture && firstColumn < endColumn) {
        picture.row(
            y - file.top(),
            firstColumn - file.left(),
            endColumn - file.left(),
            row,
            file.left() * RgbImage.CHANNELS);
      } else {
        // Where the picture leaves the canvas bare it is transparent black.
        Arrays.fill(row, (byte) 0);
      }
      sink.row(y, row, 0);
    }
  }

  /** A decoded picture that hands out its rows as RGB. */
  interface RowSource {
    /**
     * @param y row of the picture
     * @param from first column wanted
     * @param to one past the last column wanted
     * @param rgb interleaved
     * @param offset of column 0's red byte in {@code rgb}
     */
    void row(int y, int from, int to, byte[] rgb, int offset);
  }
}
