package io.headgate.imaging;

import java.util.ArrayDeque;
import java.util.Arrays;
import java.util.Deque;

/** WebP's lossless format VP8L (RFC 9649, section 3). */
final class Vp8lDecoder {
  private static final int LITERALS = 256;
  private static final int LENGTH_CODES = 24;
  private static final int DISTANCE_CODES = 40;
  private static final int NEAR_DISTANCES = 120;
  private static final int CODE_LENGTH_CODES = 19;
  private static final int MAX_CACHE_BITS = 11;

  /**
   * Table entries of all prefix codes of a picture, 64 MiB: encoders stay far below, but a small
   * file can declare 65,536 groups of full tables.
   */
  private static final int MAX_TABLE_ENTRIES = 16 << 20;

  private static final int[] CODE_LENGTH_ORDER = {
    17, 18, 0, 1, 2, 3, 4, 5, 16, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15
  };

  /** Offsets of the 120 nearest pixels, {@code dy << 4 | 8 - dx}, nearest first. */
  private static final int[] NEAR_OFFSETS = {
    24, 7, 23, 25, 40, 6, 39, 41, 22, 26, 38, 42, 56, 5, 55, 57,
    21, 27, 54, 58, 37, 43, 72, 4, 71, 73, 20, 28, 53, 59, 70, 74,
    36, 44, 88, 69, 75, 52, 60, 3, 87, 89, 19, 29, 86, 90, 35, 45,
    68, 76, 85, 91, 51, 61, 104, 2, 103, 105, 18, 30, 102, 106, 34, 46,
    84, 92, 67, 77, 101, 107, 50, 62, 120, 1, 119, 121, 83, 93, 17, 31,
    100, 108, 66, 78, 118, 122, 33, 47, 117, 123, 49, 63, 99, 109, 82, 94,
    0, 116, 124, 65, 79, 16, 32, 98, 110, 48, 115, 125, 81, 95, 64, 114,
    126, 97, 111, 80, 113, 127, 96, 112
  };

  private final LsbBits bits;
  private final Deadline deadline;
  private final Deque<Vp8lTransform> transforms = new ArrayDeque<>();
  private int tableEntries;

  private Vp8lDecoder(LsbBits bits, Deadline deadline) {
    this.bits = bits;
    this.deadline = deadline;
  }

  static WebpDecoder.RowSource decode(Bytes bytes, int from, int end, Deadline deadline)
      throws ImageRejectedException {
    LsbBits bits = new LsbBits(bytes.array(), from, end);
    bits.read(8);
    int width = bits.read(14) + 1;
    int height = bits.read(14) + 1;
    bits.read(4);
    int[] argb = new Vp8lDecoder(bits, deadline).picture(width, height);
    return (y, first, last, rgb, offset) -> {
      int to = offset + first * RgbImage.CHANNELS;
      for (int x = first; x < last; x++) {
        int pixel = argb[y * width + x];
        rgb[to++] = (byte) (pixel >> 16);
        rgb[to++] = (byte) (pixel >> 8);
        rgb[to++] = (byte) pixel;
      }
    };
  }

  private int[] picture(int width, int height) throws ImageRejectedException {
    int codedWidth = readTransforms(width, height);
    int[] pixels = readPixels(codedWidth, height, true);
    while (!transforms.isEmpty()) {
      deadline.check();
      pixels = transforms.pop().undo(pixels, height);
    }
    return pixels;
  }

  /** Returns the width of the coded picture, which is smaller if pixels are packed. */
  private int readTransforms(int width, int height) throws ImageRejectedException {
    int seen = 0;
    while (bits.read(1) == 1) {
      int type = bits.read(2);
      if ((seen & 1 << type) != 0) {
        throw Bytes.corrupt("WebP (lossless) with the same transform twice");
      }
      seen |= 1 << type;
      switch (type) {
        case 0, 1 -> {
          int blockBits = bits.read(3) + 2;
          int blocksAcross = blocks(width, blockBits);
          int[] blocks = readPixels(blocksAcross, blocks(height, blockBits), false);
          transforms.push(
              type == 0
                  ? new Vp8lTransform.Predictor(width, blockBits, blocksAcross, blocks)
                  : new Vp8lTransform.CrossColour(width, blockBits, blocksAcross, blocks));
        }
        case 2 -> transforms.push(new Vp8lTransform.AddGreen());
        default -> {
          int colours = bits.read(8) + 1;
          int[] palette = readPixels(colours, 1, false);
          for (int i = 1; i < colours; i++) {
            palette[i] = Vp8lTransform.add(palette[i], palette[i - 1]);
          }
          int packing = colours > 16 ? 0 : colours > 4 ? 1 : colours > 2 ? 2 : 3;
          transforms.push(new Vp8lTransform.Palette(width, packing, palette));
          width = blocks(width, packing);
        }
      }
    }
    return width;
  }

  /** One entropy-coded image; only the picture itself may have groups of codes. */
  private int[] readPixels(int width, int height, boolean isPicture) throws ImageRejectedException {
    int cacheBits = 0;
    if (bits.read(1) == 1) {
      cacheBits = bits.read(4);
      if (cacheBits < 1 || cacheBits > MAX_CACHE_BITS) {
        throw Bytes.corrupt("WebP (lossless) with a colour cache of %d bits".formatted(cacheBits));
      }
    }
    int groupBits = 0;
    int groupsAcross = 0;
    int[] groupOf = null;
    int groups = 1;
    if (isPicture && bits.read(1) == 1) {
      groupBits = bits.read(3) + 2;
      groupsAcross = blocks(width, groupBits);
      groupOf = readPixels(groupsAcross, blocks(height, groupBits), false);
      for (int i = 0; i < groupOf.length; i++) {
        groupOf[i] = groupOf[i] >> 8 & 0xffff;
        groups = Math.max(groups, groupOf[i] + 1);
      }
    }
    Codes[] codes = new Codes[groups];
    for (int i = 0; i < groups; i++) {
      deadline.check();
      codes[i] = readCodes(cacheBits);
    }

    int[] pixels = new int[Math.multiplyExact(width, height)];
    int[] cache = cacheBits > 0 ? new int[1 << cacheBits] : null;
    int cached = 0;
    int cacheShift = 32 - cacheBits;
    int at = 0;
    int x = 0;
    int y = 0;
    int groupMask = groupOf == null ? -1 : (1 << groupBits) - 1;
    Codes code = codes[0];
    while (at < pixels.length) {
      if (groupOf != null && (x & groupMask) == 0) {
        code = codes[groupOf[(y >> groupBits) * groupsAcross + (x >> groupBits)]];
      }
      int symbol = code.green.read(bits);
      int length = 1;
      if (symbol < LITERALS) {
        int red = code.red.read(bits);
        int blue = code.blue.read(bits);
        int alpha = code.alpha.read(bits);
        pixels[at] = alpha << 24 | red << 16 | symbol << 8 | blue;
      } else if (symbol < LITERALS + LENGTH_CODES) {
        length = readNumber(symbol - LITERALS);
        int distance = distance(readNumber(code.distance.read(bits)), width);
        if (distance > at || length > pixels.length - at) {
          throw Bytes.corrupt("WebP (lossless) with a copy from outside the picture");
        }
        for (int i = at; i < at + length; i++) {
          pixels[i] = pixels[i - distance];
        }
      } else {
        // Pixels enter the cache only when it is asked: most are never looked up.
        for (; cached < at; cached++) {
          cache[cacheIndex(pixels[cached], cacheShift)] = pixels[cached];
        }
        pixels[at] = cache[symbol - LITERALS - LENGTH_CODES];
      }
      at += length;
      x += length;
      if (x >= width) {
        deadline.check();
        y += x / width;
        x %= width;
      }
      if (groupOf != null && length > 1 && at < pixels.length) {
        code = codes[groupOf[(y >> groupBits) * groupsAcross + (x >> groupBits)]];
      }
    }
    return pixels;
  }

  private static int cacheIndex(int argb, int shift) {
    return 0x1e35a7bd * argb >>> shift;
  }

  /** A length or distance: a prefix and its extra bits. */
  private int readNumber(int prefix) throws ImageRejectedException {
    if (prefix < 4) {
      return prefix + 1;
    }
    int extraBits = prefix - 2 >> 1;
    return (2 + (prefix & 1) << extraBits) + bits.read(extraBits) + 1;
  }

  private static int distance(int code, int width) {
    if (code > NEAR_DISTANCES) {
      return code - NEAR_DISTANCES;
    }
    int offset = NEAR_OFFSETS[code - 1];
    return Math.max((offset >> 4) * width + 8 - (offset & 15), 1);
  }

  /** The five codes of a group of pixels. */
  private record Codes(
      PrefixCode green, PrefixCode red, PrefixCode blue, PrefixCode alpha, PrefixCode distance) {}

  private Codes readCodes(int cacheBits) throws ImageRejectedException {
    int cacheSize = cacheBits > 0 ? 1 << cacheBits : 0;
    return new Codes(
        readCode(LITERALS + LENGTH_CODES + cacheSize),
        readCode(LITERALS),
        readCode(LITERALS),
        readCode(LITERALS),
        readCode(DISTANCE_CODES));
  }

  private PrefixCode readCode(int symbols) throws ImageRejectedException {
    int[] lengths = new int[symbols];
    if (bits.read(1) == 1) {
      int count = bits.read(1) + 1;
      setLength(lengths, bits.read(bits.read(1) == 0 ? 1 : 8));
      if (count == 2) {
        setLength(lengths, bits.read(8));
      }
    } else {
      readLengths(lengths);
    }
    PrefixCode code = PrefixCode.of(lengths);
    tableEntries += code.size();
    if (tableEntries > MAX_TABLE_ENTRIES) {
      throw Bytes.corrupt("WebP (lossless) with more prefix codes than any encoder writes");
    }
    return code;
  }

  private static void setLength(int[] lengths, int symbol) throws ImageRejectedException {
    if (symbol >= lengths.length) {
      throw Bytes.corrupt("WebP (lossless) with a code for symbol %d".formatted(symbol));
    }
    lengths[symbol] = 1;
  }

  private void readLengths(int[] lengths) throws ImageRejectedException {
    int[] codeLengths = new int[CODE_LENGTH_CODES];
    int given = bits.read(4) + 4;
    for (int i = 0; i < given; i++) {
      codeLengths[CODE_LENGTH_ORDER[i]] = bits.read(3);
    }
    PrefixCode code = PrefixCode.of(codeLengths);
    int left = Integer.MAX_VALUE;
    if (bits.read(1) == 1) {
      left = 2 + bits.read(2 + 2 * bits.read(3));
      if (left > lengths.length) {
        throw Bytes.corrupt("WebP (lossless) with %d codes of %d".formatted(left, lengths.length));
      }
    }
    int previous = 8;
    int symbol = 0;
    while (symbol < lengths.length && left-- > 0) {
      int length = code.read(bits);
      if (length < 16) {
        lengths[symbol++] = length;
        previous = length == 0 ? previous : length;
        continue;
      }
      int repeats =
          switch (length) {
            case 16 -> 3 + bits.read(2);
            case 17 -> 3 + bits.read(3);
            default -> 11 + bits.read(7);
          };
      if (repeats > lengths.length - symbol) {
        throw Bytes.corrupt("WebP (lossless) with code lengths beyond its alphabet");
      }
      Arrays.fill(lengths, symbol, symbol + repeats, length == 16 ? previous : 0);
      symbol += repeats;
    }
  }

  private static int blocks(int pixels, int blockBits) {
    return pixels + (1 << blockBits) - 1 >> blockBits;
  }
}
