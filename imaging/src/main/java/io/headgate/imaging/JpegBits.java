package io.headgate.imaging;

/**
 * Entropy-coded JPEG data, bit by bit. A marker ends it; beyond it come zeros, and {@link #end}
 * tells whether any were used.
 */
final class JpegBits {
  private final byte[] data;
  private int at;
  private long window;
  private int available;

  /** Zero bits made up at the end. */
  private int madeUp;

  JpegBits(byte[] data, int at) {
    this.data = data;
    this.at = at;
  }

  /** Tops up to at least 32 bits. */
  private void fill() {
    while (available <= 48) {
      int next = at < data.length ? data[at] & 0xff : 0xff;
      if (next == 0xff) {
        if (at + 1 >= data.length || data[at + 1] != 0) {
          window <<= 8;
          available += 8;
          madeUp += 8;
          continue;
        }
        at++;
      }
      at++;
      window = window << 8 | next;
      available += 8;
    }
  }

  /** The next bits without using them up, 1 to 16. */
  int peek(int count) {
    if (available < 32) {
      fill();
    }
    return (int) (window >>> available - count) & (1 << count) - 1;
  }

  void skip(int count) {
    available -= count;
  }

  /** 0 to 16 bits. */
  int read(int count) {
    if (count == 0) {
      return 0;
    }
    int bits = peek(count);
    available -= count;
    return bits;
  }

  int bit() {
    return read(1);
  }

  /** A number of {@code size} bits whose first bit tells the sign (ITU-T T.81, figure F.12). */
  int number(int size) {
    if (size == 0) {
      return 0;
    }
    int value = read(size);
    return value < 1 << size - 1 ? value - (1 << size) + 1 : value;
  }

  /**
   * Ends a stretch of data; leftover bits are padding.
   *
   * @throws ImageRejectedException if more was read than there is
   */
  void end() throws ImageRejectedException {
    requireData();
    window = 0;
    available = 0;
    madeUp = 0;
  }

  /** Refuses if more was read than there is. */
  void requireData() throws ImageRejectedException {
    if (available < madeUp) {
      throw Bytes.truncated("JPEG data is incomplete");
    }
  }

  /** Steps over restart marker {@code number}, 0 to 7, which must come next. */
  void restart(int number) throws ImageRejectedException {
    end();
    // What the data says too much is padding, as far as the next marker.
    while (at + 1 < data.length
        && (data[at] != (byte) 0xff || data[at + 1] == 0 || data[at + 1] == (byte) 0xff)) {
      at++;
    }
    if (at + 1 >= data.length || (data[at + 1] & 0xff) != 0xd0 + number) {
      throw Bytes.corrupt("JPEG restart marker %d is missing".formatted(number));
    }
    at += 2;
  }
}
