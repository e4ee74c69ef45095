package io.headgate.imaging;

/** VP8's arithmetic decoder (RFC 6386, section 7). Past the end it reads zeros and remembers. */
final class Vp8Bits {
  private static final int EVEN = 128;

  private final byte[] data;
  private final int end;
  private int at;

  /** Bits read so far and not used up; the decision is about those above {@link #spare}. */
  private long value;

  private int spare = -8;
  private int range = 255;
  private boolean overrun;

  Vp8Bits(byte[] data, int from, int end) {
    this.data = data;
    this.at = from;
    this.end = end;
  }

  /** Whether zeros were made up because the data ended. */
  boolean overrun() {
    return overrun;
  }

  /**
   * @param probability of a zero, in 256ths
   */
  int bit(int probability) {
    if (spare < 0) {
      load();
    }
    int split = 1 + ((range - 1) * probability >> 8);
    long bigSplit = (long) split << spare;
    int bit;
    if (value >= bigSplit) {
      range -= split;
      value -= bigSplit;
      bit = 1;
    } else {
      range = split;
      bit = 0;
    }
    int shift = Integer.numberOfLeadingZeros(range) - 24;
    range <<= shift;
    spare -= shift;
    return bit;
  }

  boolean flag() {
    return bit(EVEN) != 0;
  }

  int unsigned(int bits) {
    int result = 0;
    for (int i = 0; i < bits; i++) {
      result = result << 1 | bit(EVEN);
    }
    return result;
  }

  /** Magnitude, then sign. */
  int signed(int bits) {
    int magnitude = unsigned(bits);
    return flag() ? -magnitude : magnitude;
  }

  /** A signed value if its flag is set, else 0. */
  int optionalSigned(int bits) {
    return flag() ? signed(bits) : 0;
  }

  private void load() {
    if (at >= end) {
      overrun = true;
      value <<= 8;
      spare += 8;
      return;
    }
    while (spare <= 40 && at < end) {
      value = value << 8 | data[at++] & 0xff;
      spare += 8;
    }
  }
}
