package io.headgate.imaging;

/**
 * A canonical prefix code of VP8L (RFC 9649, section 6) as a two-level look-up table: an entry is
 * {@code value << 4 | length}; an entry of the first level whose length exceeds {@link #ROOT_BITS}
 * points to a second table.
 */
final class PrefixCode {
  private static final int ROOT_BITS = 8;
  private static final int MAX_LENGTH = 15;
  private static final int LENGTH_BITS = 4;
  private static final int LENGTH_MASK = (1 << LENGTH_BITS) - 1;

  private final int[] table;
  private final int rootBits;

  private PrefixCode(int[] table, int rootBits) {
    this.table = table;
    this.rootBits = rootBits;
  }

  /** The code of a single symbol, which takes no bits. */
  static PrefixCode single(int symbol) {
    return new PrefixCode(new int[] {symbol << LENGTH_BITS}, 0);
  }

  /**
   * @param lengths of each symbol's code, 0 to 15; 0 is a symbol that does not occur
   * @throws ImageRejectedException if they make no complete prefix code
   */
  static PrefixCode of(int[] lengths) throws ImageRejectedException {
    int[] count = new int[MAX_LENGTH + 1];
    int symbols = 0;
    int lastSymbol = 0;
    int maxLength = 0;
    for (int symbol = 0; symbol < lengths.length; symbol++) {
      int length = lengths[symbol];
      if (length > 0) {
        count[length]++;
        symbols++;
        lastSymbol = symbol;
        maxLength = Math.max(maxLength, length);
      }
    }
    if (symbols == 1) {
      return single(lastSymbol);
    }
    int space = 0;
    int[] next = new int[MAX_LENGTH + 1];
    for (int length = 1; length <= MAX_LENGTH; length++) {
      space = space + count[length - 1] << 1;
      next[length] = space;
    }
    if (symbols == 0 || next[maxLength] + count[maxLength] != 1 << maxLength) {
      throw Bytes.corrupt("WebP (lossless) with an incomplete prefix code");
    }
    int rootBits = Math.min(ROOT_BITS, maxLength);
    int[] reversed = new int[lengths.length];
    int[] subLength = new int[1 << rootBits];
    for (int symbol = 0; symbol < lengths.length; symbol++) {
      int length = lengths[symbol];
      if (length > 0) {
        reversed[symbol] = Integer.reverse(next[length]++) >>> 32 - length;
        if (length > rootBits) {
          int root = reversed[symbol] & (1 << rootBits) - 1;
          subLength[root] = Math.max(subLength[root], length - rootBits);
        }
      }
    }
    int size = 1 << rootBits;
    int[] subStart = new int[1 << rootBits];
    for (int root = 0; root < subStart.length; root++) {
      if (subLength[root] > 0) {
        subStart[root] = size;
        size += 1 << subLength[root];
      }
    }
    int[] table = new int[size];
    for (int root = 0; root < subStart.length; root++) {
      if (subLength[root] > 0) {
        table[root] = subStart[root] << LENGTH_BITS | subLength[root] + rootBits;
      }
    }
    for (int symbol = 0; symbol < lengths.length; symbol++) {
      int length = lengths[symbol];
      if (length == 0) {
        continue;
      }
      int entry = symbol << LENGTH_BITS | length;
      if (length <= rootBits) {
        for (int i = reversed[symbol]; i < 1 << rootBits; i += 1 << length) {
          table[i] = entry;
        }
      } else {
        int root = reversed[symbol] & (1 << rootBits) - 1;
        int end = 1 << subLength[root];
        for (int i = reversed[symbol] >> rootBits; i < end; i += 1 << length - rootBits) {
          table[subStart[root] + i] = entry;
        }
      }
    }
    return new PrefixCode(table, rootBits);
  }

  /** Entries held in memory. */
  int size() {
    return table.length;
  }

  int read(LsbBits bits) throws ImageRejectedException {
    bits.fill();
    int entry = table[bits.peek(rootBits)];
    int length = entry & LENGTH_MASK;
    if (length > rootBits) {
      int index = bits.peek(length) >> rootBits;
      entry = table[(entry >> LENGTH_BITS) + index];
    }
    bits.skip(entry & LENGTH_MASK);
    return entry >> LENGTH_BITS;
  }
}
