package io.headgate.imaging;

/** Bits from bytes, lowest first. Reading on past the end is refused. */
final class LsbBits {
  private final byte[] data;
  private final int end;
  private int at;
  private long window;
  private int available;

  LsbBits(byte[] data, int from, int end) {
    this.data = data;
    this.at = from;
    this.end = end;
  }

  /**
   * @param count 0 to 24
   */
  int read(int count) throws ImageRejectedException {
    fill();
    int bits = (int) window & (1 << count) - 1;
    skip(count);
    return bits;
  }

  /** Tops up to at least 32 bits; beyond the data they are zero. */
  void fill() {
    while (available < 32) {
      if (at < end) {
        window |= (data[at] & 0xffL) << available;
      }
      at++;
      available += 8;
    }
  }

  /** The next bits, which {@link #fill} must have brought. */
  int peek(int count) {
    return (int) window & (1 << count) - 1;
  }

  void skip(int count) throws ImageRejectedException {
    window >>>= count;
    available -= count;
    if (at - (available >> 3) > end) {
      throw Bytes.truncated("WebP (lossless) pixel data ends early");
    }
  }
}
