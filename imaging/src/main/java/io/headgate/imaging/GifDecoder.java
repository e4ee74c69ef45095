package io.headgate.imaging;

import java.util.Arrays;

/** The first picture of a GIF on its canvas; variable-length LZW, interlaced or not. */
final class GifDecoder {
  private static final int MAX_CODES = 4096;
  private static final int[] PASS_Y = {0, 4, 2, 1};
  private static final int[] STEP_Y = {8, 8, 4, 2};

  private GifDecoder() {}

  static void decode(Bytes bytes, Deadline deadline, RowSink sink) throws ImageRejectedException {
    GifFile file = GifFile.parse(bytes);
    byte[] indices = new byte[Math.multiplyExact(file.pictureWidth(), file.pictureHeight())];
    inflate(bytes, file.data(), indices, file.pictureWidth(), deadline);
    int[] pictureRows = pictureRows(file);
    byte[] row = new byte[file.width() * RgbImage.CHANNELS];
    // Where the picture leaves the canvas bare Pillow shows the transparent colour, else colour 0.
    int bare = Math.max(file.transparent(), 0);
    for (int y = 0; y < file.height(); y++) {
      if (!sink.wants(y)) {
        continue;
      }
      int pictureRow = y - file.top();
      boolean inPicture = pictureRow >= 0 && pictureRow < file.pictureHeight();
      int from = inPicture ? pictureRows[pictureRow] * file.pictureWidth() - file.left() : 0;
      for (int x = sink.firstColumn(); x < sink.endColumn(); x++) {
        int index =
            inPicture && x >= file.left() && x < file.left() + file.pictureWidth()
                ? indices[from + x] & 0xff
                : bare;
        file.palette().put(index, row, x * RgbImage.CHANNELS);
      }
      sink.row(y, row, 0);
    }
  }

  /** Which stored row is shown in each row. */
  private static int[] pictureRows(GifFile file) {
    int[] rows = new int[file.pictureHeight()];
    int stored = 0;
    if (file.interlaced()) {
      for (int pass = 0; pass < PASS_Y.length; pass++) {
        for (int y = PASS_Y[pass]; y < rows.length; y += STEP_Y[pass]) {
          rows[y] = stored++;
        }
      }
    } else {
      Arrays.setAll(rows, y -> y);
    }
    return rows;
  }

  private static void inflate(Bytes bytes, int at, byte[] out, int rowLength, Deadline deadline)
      throws ImageRejectedException {
    int minBits = bytes.u8(at++);
    if (minBits < 1 || minBits > 11) {
      throw Bytes.corrupt("GIF with LZW codes of %d bits".formatted(minBits));
    }
    int clear = 1 << minBits;
    int end = clear + 1;
    // Each code is the string of its prefix and one more index.
    int[] prefix = new int[MAX_CODES];
    byte[] last = new byte[MAX_CODES];
    byte[] first = new byte[MAX_CODES];
    int[] length = new int[MAX_CODES];
    for (int i = 0; i < clear; i++) {
      last[i] = (byte) i;
      first[i] = (byte) i;
      length[i] = 1;
    }
    int next = end + 1;
    int width = minBits + 1;
    int previous = -1;
    int bits = 0;
    int bitCount = 0;
    int blockLeft = 0;
    int done = 0;
    int nextCheck = 0;
    while (done < out.length) {
      if (done >= nextCheck) {
        deadline.check();
        nextCheck = done + Math.max(rowLength, MAX_CODES);
      }
      while (bitCount < width) {
        if (blockLeft == 0) {
          blockLeft = bytes.u8(at++);
          if (blockLeft == 0) {
            throw Bytes.truncated("GIF pixel data ends early");
          }
        }
        bits |= bytes.u8(at++) << bitCount;
        bitCount += 8;
        blockLeft--;
      }
      int code = bits & (1 << width) - 1;
      bits >>>= width;
      bitCount -= width;
      if (code == clear) {
        next = end + 1;
        width = minBits + 1;
        previous = -1;
        continue;
      }
      if (code == end) {
        throw Bytes.truncated("GIF pixel data ends early");
      }
      if (code > next || code == next && previous < 0 || code > end && previous < 0) {
        throw Bytes.corrupt("GIF with LZW code %d before it is defined".formatted(code));
      }
      if (previous >= 0 && next < MAX_CODES) {
        prefix[next] = previous;
        first[next] = first[previous];
        last[next] = first[code == next ? previous : code];
        length[next] = length[previous] + 1;
        next++;
        if (next == 1 << width && width < 12) {
          width++;
        }
      }
      // A full table can be asked for a code it never got.
      if (code >= next) {
        throw Bytes.corrupt("GIF with LZW code %d before it is defined".formatted(code));
      }
      int at2 = done + length[code];
      done = Math.min(at2, out.length);
      for (int c = code, i = at2 - 1, n = length[code]; n > 0; n--, i--, c = prefix[c]) {
        if (i < out.length) {
          out[i] = last[c];
        }
      }
      previous = code;
    }
  }
}
