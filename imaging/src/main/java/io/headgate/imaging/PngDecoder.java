package io.headgate.imaging;

import java.util.zip.CRC32;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;

/**
 * PNG (W3C PNG, third edition), all colour types, depths and Adam7. Only the chunks that make the
 * picture are read; text and profiles, compressed or not, are stepped over. Rows are inflated one
 * at a time; an interlaced picture keeps the part the sink looks at.
 */
final class PngDecoder {
  private static final int FIRST_CHUNK = 8;
  private static final int ADAM7_PASSES = 7;
  private static final int[] PASS_X = {0, 4, 0, 2, 0, 1, 0};
  private static final int[] PASS_Y = {0, 0, 4, 0, 2, 0, 1};
  private static final int[] STEP_X = {8, 8, 4, 4, 2, 2, 1};
  private static final int[] STEP_Y = {8, 8, 8, 4, 4, 2, 2};

  private final Bytes bytes;
  private final PngHeader header;
  private final Deadline deadline;
  private final RowSink sink;
  private final Palette palette;
  private final Inflater inflater = new Inflater();

  /** Start of the chunk whose data the inflater was given last. */
  private int chunk;

  private PngDecoder(
      Bytes bytes, PngHeader header, Palette palette, int chunk, Deadline deadline, RowSink sink) {
    this.bytes = bytes;
    this.header = header;
    this.palette = palette;
    this.chunk = chunk;
    this.deadline = deadline;
    this.sink = sink;
  }

  static void decode(Bytes bytes, Deadline deadline, RowSink sink) throws ImageRejectedException {
    PngHeader header = PngHeader.parse(bytes);
    Palette palette = null;
    int at = FIRST_CHUNK;
    while (!isChunk(bytes, at, 'I', 'D', 'A', 'T')) {
      int length = chunkLength(bytes, at);
      if (isChunk(bytes, at, 'P', 'L', 'T', 'E')) {
        checkSum(bytes, at, length);
        if (length == 0 || length % 3 != 0 || length > 3 * Palette.SIZE) {
          throw Bytes.corrupt("PNG palette of %d bytes".formatted(length));
        }
        palette = Palette.of(bytes.array(), at + 8, length / 3);
      } else if (isChunk(bytes, at, 'I', 'H', 'D', 'R')) {
        checkSum(bytes, at, length);
      } else if (isChunk(bytes, at, 'I', 'E', 'N', 'D')) {
        throw Bytes.corrupt("PNG without pixel data");
      }
      at += 12 + length;
    }
    if (header.colour() == PngHeader.Colour.PALETTE && palette == null) {
      throw Bytes.corrupt("PNG of palette colours without a palette");
    }
    PngDecoder decoder = new PngDecoder(bytes, header, palette, at, deadline, sink);
    try {
      decoder.feed();
      if (header.interlaced()) {
        decoder.interlacedRows();
      } else {
        decoder.rows();
      }
    } catch (DataFormatException e) {
      throw Bytes.corrupt("PNG pixel data cannot be inflated (%s)".formatted(e.getMessage()));
    } finally {
      decoder.inflater.end();
    }
  }

  private void rows() throws ImageRejectedException, DataFormatException {
    int rowBytes = header.rowBytes(header.width());
    byte[] row = new byte[1 + rowBytes];
    byte[] above = new byte[1 + rowBytes];
    boolean asIs = header.colour() == PngHeader.Colour.RGB && header.depth() == 8;
    byte[] rgb = asIs ? null : new byte[header.width() * RgbImage.CHANNELS];
    for (int y = 0; y < header.height(); y++) {
      deadline.check();
      inflate(row, 1 + rowBytes);
      unfilter(row, above, 1 + rowBytes);
      if (sink.wants(y)) {
        if (asIs) {
          sink.row(y, row, 1);
        } else {
          for (int x = sink.firstColumn(); x < sink.endColumn(); x++) {
            toRgb(row, x, rgb, x * RgbImage.CHANNELS);
          }
          sink.row(y, rgb, 0);
        }
      }
      byte[] swap = above;
      above = row;
      row = swap;
    }
  }

  private void interlacedRows() throws ImageRejectedException, DataFormatException {
    int firstColumn = sink.firstColumn();
    int columns = sink.endColumn() - firstColumn;
    int firstRow = 0;
    while (!sink.wants(firstRow)) {
      firstRow++;
    }
    int endRow = firstRow;
    while (endRow < header.height() && sink.wants(endRow)) {
      endRow++;
    }
    byte[] kept = new byte[Math.multiplyExact((endRow - firstRow) * RgbImage.CHANNELS, columns)];
    for (int pass = 0; pass < ADAM7_PASSES; pass++) {
      int passWidth = (header.width() - PASS_X[pass] + STEP_X[pass] - 1) / STEP_X[pass];
      if (passWidth == 0) {
        continue;
      }
      int rowBytes = header.rowBytes(passWidth);
      byte[] row = new byte[1 + rowBytes];
      byte[] above = new byte[1 + rowBytes];
      for (int y = PASS_Y[pass]; y < header.height(); y += STEP_Y[pass]) {
        deadline.check();
        inflate(row, 1 + rowBytes);
        unfilter(row, above, 1 + rowBytes);
        if (y >= firstRow && y < endRow) {
          int x = PASS_X[pass];
          for (int i = 0; i < passWidth; i++, x += STEP_X[pass]) {
            if (x >= firstColumn && x < firstColumn + columns) {
              toRgb(row, i, kept, ((y - firstRow) * columns + x - firstColumn) * RgbImage.CHANNELS);
            }
          }
        }
        byte[] swap = above;
        above = row;
        row = swap;
      }
    }
    byte[] row = new byte[header.width() * RgbImage.CHANNELS];
    for (int y = firstRow; y < endRow; y++) {
      System.arraycopy(
          kept,
          (y - firstRow) * columns * RgbImage.CHANNELS,
          row,
          firstColumn * RgbImage.CHANNELS,
          columns * RgbImage.CHANNELS);
      sink.row(y, row, 0);
    }
  }

  /**
   * Pixel {@code x} of an unfiltered row as RGB. Alpha is dropped, 16-bit samples lose their low
   * byte, small gray samples are stretched to 0..255.
   */
  private void toRgb(byte[] row, int x, byte[] rgb, int to) {
    switch (header.colour()) {
      case RGB, RGB_ALPHA -> {
        int bytesPerSample = header.depth() / 8;
        int at = 1 + x * header.bitsPerPixel() / 8;
        rgb[to] = row[at];
        rgb[to + 1] = row[at + bytesPerSample];
        rgb[to + 2] = row[at + 2 * bytesPerSample];
      }
      case PALETTE -> palette.put(header.depth() == 8 ? row[1 + x] & 0xff : bits(row, x), rgb, to);
      case GRAY, GRAY_ALPHA -> {
        byte gray =
            header.depth() >= 8
                ? row[1 + x * header.bitsPerPixel() / 8]
                : (byte) (bits(row, x) * 255 / ((1 << header.depth()) - 1));
        rgb[to] = gray;
        rgb[to + 1] = gray;
        rgb[to + 2] = gray;
      }
      default -> throw new IllegalStateException("colour type: " + header.colour());
    }
  }

  /** Sample {@code x} of 1, 2 or 4 bits, the leftmost in the high bits. */
  private int bits(byte[] row, int x) {
    int depth = header.depth();
    int bit = x * depth;
    return row[1 + (bit >> 3)] >> 8 - depth - (bit & 7) & (1 << depth) - 1;
  }

  /** Undoes the row's filter; {@code above} is all zero for the first row of a pass. */
  private void unfilter(byte[] row, byte[] above, int end) throws ImageRejectedException {
    int step = Math.max(header.bitsPerPixel() / 8, 1);
    int start = Math.min(1 + step, end);
    switch (row[0]) {
      case 0 -> {}
      case 1 -> {
        for (int i = start; i < end; i++) {
          row[i] += row[i - step];
        }
      }
      case 2 -> {
        for (int i = 1; i < end; i++) {
          row[i] += above[i];
        }
      }
      case 3 -> {
        for (int i = 1; i < start; i++) {
          row[i] += (byte) ((above[i] & 0xff) >> 1);
        }
        for (int i = start; i < end; i++) {
          row[i] += (byte) ((row[i - step] & 0xff) + (above[i] & 0xff) >> 1);
        }
      }
      case 4 -> {
        for (int i = 1; i < start; i++) {
          row[i] += above[i];
        }
        for (int i = start; i < end; i++) {
          row[i] += (byte) paeth(row[i - step] & 0xff, above[i] & 0xff, above[i - step] & 0xff);
        }
      }
      default -> throw Bytes.corrupt("PNG row with filter %d".formatted(row[0] & 0xff));
    }
  }

  private static int paeth(int left, int up, int upLeft) {
    int toLeft = Math.abs(up - upLeft);
    int toUp = Math.abs(left - upLeft);
    int toUpLeft = Math.abs(left + up - 2 * upLeft);
    if (toLeft <= toUp && toLeft <= toUpLeft) {
      return left;
    }
    return toUp <= toUpLeft ? up : upLeft;
  }

  private void inflate(byte[] into, int length) throws ImageRejectedException, DataFormatException {
    int done = 0;
    while (done < length) {
      int count = inflater.inflate(into, done, length - done);
      done += count;
      if (count == 0) {
        if (inflater.finished() || inflater.needsDictionary()) {
          throw Bytes.truncated("PNG pixel data ends early");
        }
        chunk += 12 + chunkLength(bytes, chunk);
        feed();
      }
    }
  }

  /** Gives the inflater the current chunk, which must be one of pixel data. */
  private void feed() throws ImageRejectedException {
    int length = chunkLength(bytes, chunk);
    if (!isChunk(bytes, chunk, 'I', 'D', 'A', 'T')) {
      throw Bytes.truncated("PNG pixel data ends early");
    }
    checkSum(bytes, chunk, length);
    inflater.setInput(bytes.array(), chunk + 8, length);
  }

  private static boolean isChunk(Bytes bytes, int at, int a, int b, int c, int d) {
    return bytes.matches(at + 4, a, b, c, d);
  }

  /** Length of the chunk at {@code at}, all of which is there. */
  private static int chunkLength(Bytes bytes, int at) throws ImageRejectedException {
    long length = bytes.u32be(at);
    if (length > bytes.length() - 12L - at) {
      throw Bytes.truncated(
          "PNG: a chunk at byte %d claims %d bytes and the file ends at byte %d"
              .formatted(at, length, bytes.length()));
    }
    return (int) length;
  }

  private static void checkSum(Bytes bytes, int at, int length) throws ImageRejectedException {
    CRC32 crc = new CRC32();
    crc.update(bytes.array(), at + 4, length + 4);
    if (crc.getValue() != bytes.u32be(at + 8 + length)) {
      throw Bytes.corrupt("PNG: wrong checksum of the chunk at byte %d".formatted(at));
    }
  }
}
