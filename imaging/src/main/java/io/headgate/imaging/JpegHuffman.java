package io.headgate.imaging;

/** A Huffman code of a JPEG file (ITU-T T.81, annexes C and F). */
final class JpegHuffman {
  private static final int LOOK_AHEAD = 9;
  private static final int MAX_LENGTH = 16;

  /** {@code symbol << 5 | length} of every code up to the look-ahead, by its first bits. */
  private final short[] quick = new short[1 << LOOK_AHEAD];

  /** Largest code of each length, left-aligned; −1 if there is none. */
  private final int[] lastCode = new int[MAX_LENGTH + 1];

  private final int[] offset = new int[MAX_LENGTH + 1];
  private final byte[] symbols;

  /**
   * @param at position of the 16 counts in the DHT segment, followed by the symbols
   * @param dc whether symbols are sizes of DC differences, at most 15
   */
  JpegHuffman(Bytes bytes, int at, boolean dc) throws ImageRejectedException {
    int total = 0;
    for (int length = 1; length <= MAX_LENGTH; length++) {
      total += bytes.u8(at + length - 1);
    }
    bytes.need(at + MAX_LENGTH, total);
    symbols = new byte[total];
    System.arraycopy(bytes.array(), at + MAX_LENGTH, symbols, 0, total);
    for (byte symbol : symbols) {
      if (dc && (symbol & 0xff) > 15) {
        throw Bytes.corrupt("JPEG Huffman code with a DC size of %d".formatted(symbol & 0xff));
      }
    }
    int code = 0;
    int index = 0;
    for (int length = 1; length <= MAX_LENGTH; length++) {
      int count = bytes.u8(at + length - 1);
      if (code + count > 1 << length) {
        throw Bytes.corrupt("JPEG Huffman code with too many codes of %d bits".formatted(length));
      }
      offset[length] = index - code;
      for (int i = 0; i < count; i++, code++, index++) {
        if (length <= LOOK_AHEAD) {
          int from = code << LOOK_AHEAD - length;
          int to = code + 1 << LOOK_AHEAD - length;
          for (int j = from; j < to; j++) {
            quick[j] = (short) ((symbols[index] & 0xff) << 5 | length);
          }
        }
      }
      lastCode[length] = count == 0 ? -1 : code - 1;
      code <<= 1;
    }
  }

  int read(JpegBits bits) throws ImageRejectedException {
    int entry = quick[bits.peek(LOOK_AHEAD)];
    if (entry != 0) {
      bits.skip(entry & 31);
      return entry >> 5;
    }
    int ahead = bits.peek(MAX_LENGTH);
    for (int length = LOOK_AHEAD + 1; length <= MAX_LENGTH; length++) {
      int code = ahead >> MAX_LENGTH - length;
      if (code <= lastCode[length]) {
        int index = offset[length] + code;
        if (index < 0) {
          break;
        }
        bits.skip(length);
        return symbols[index] & 0xff;
      }
    }
    throw Bytes.corrupt("JPEG data is damaged (unknown Huffman code)");
  }
}
