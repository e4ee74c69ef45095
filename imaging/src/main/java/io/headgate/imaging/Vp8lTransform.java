package io.headgate.imaging;

/** What VP8L's encoder did to the pixels (RFC 9649, section 4), undone. Pixels are ARGB. */
interface Vp8lTransform {
  /**
   * @param pixels {@code [height, coded width]}; may be changed
   * @return {@code [height, width]}
   */
  int[] undo(int[] pixels, int height);

  /** Adds channel by channel, modulo 256. */
  static int add(int a, int b) {
    return (a & 0xff00ff00) + (b & 0xff00ff00) & 0xff00ff00
        | (a & 0x00ff00ff) + (b & 0x00ff00ff) & 0x00ff00ff;
  }

  /** Each pixel was stored as the difference to one of 14 guesses. */
  record Predictor(int width, int blockBits, int blocksAcross, int[] blocks)
      implements Vp8lTransform {
    private static final int BLACK = 0xff000000;

    @Override
    public int[] undo(int[] p, int height) {
      p[0] = add(p[0], BLACK);
      for (int x = 1; x < width; x++) {
        p[x] = add(p[x], p[x - 1]);
      }
      for (int y = 1; y < height; y++) {
        int row = y * width;
        p[row] = add(p[row], p[row - width]);
        int blockRow = (y >> blockBits) * blocksAcross;
        for (int x = 1; x < width; x++) {
          int mode = blocks[blockRow + (x >> blockBits)] >> 8 & 15;
          p[row + x] = add(p[row + x], guess(mode, p, row + x));
        }
      }
      return p;
    }

    /** Right of the last column stands, by the format's definition, the next row's first pixel. */
    private int guess(int mode, int[] p, int at) {
      int left = p[at - 1];
      int top = p[at - width];
      int topLeft = p[at - width - 1];
      int topRight = p[at - width + 1];
      return switch (mode) {
        case 1 -> left;
        case 2 -> top;
        case 3 -> topRight;
        case 4 -> topLeft;
        case 5 -> average(average(left, topRight), top);
        case 6 -> average(left, topLeft);
        case 7 -> average(left, top);
        case 8 -> average(topLeft, top);
        case 9 -> average(top, topRight);
        case 10 -> average(average(left, topLeft), average(top, topRight));
        case 11 -> select(left, top, topLeft);
        case 12 -> gradient(left, top, topLeft);
        case 13 -> halfGradient(average(left, top), topLeft);
        default -> BLACK;
      };
    }

    private static int average(int a, int b) {
      return (((a ^ b) & 0xfefefefe) >>> 1) + (a & b);
    }

    private static int select(int left, int top, int topLeft) {
      int toLeft = 0;
      int toTop = 0;
      for (int shift = 0; shift < 32; shift += 8) {
        int corner = topLeft >>> shift & 0xff;
        toLeft += Math.abs((top >>> shift & 0xff) - corner);
        toTop += Math.abs((left >>> shift & 0xff) - corner);
      }
      return toLeft < toTop ? left : top;
    }

    private static int gradient(int left, int top, int topLeft) {
      int result = 0;
      for (int shift = 0; shift < 32; shift += 8) {
        int value = (left >>> shift & 0xff) + (top >>> shift & 0xff) - (topLeft >>> shift & 0xff);
        result |= clip(value) << shift;
      }
      return result;
    }

    private static int halfGradient(int mean, int topLeft) {
      int result = 0;
      for (int shift = 0; shift < 32; shift += 8) {
        int m = mean >>> shift & 0xff;
        result |= clip(m + (m - (topLeft >>> shift & 0xff)) / 2) << shift;
      }
      return result;
    }

    private static int clip(int value) {
      return Math.max(0, Math.min(value, 255));
    }
  }

  /** Red and blue were stored less a multiple of green (and blue of red). */
  record CrossColour(int width, int blockBits, int blocksAcross, int[] blocks)
      implements Vp8lTransform {
    @Override
    public int[] undo(int[] p, int height) {
      for (int y = 0; y < height; y++) {
        int blockRow = (y >> blockBits) * blocksAcross;
        for (int x = 0; x < width; x++) {
          int factors = blocks[blockRow + (x >> blockBits)];
          int pixel = p[y * width + x];
          int green = pixel >> 8;
          int red = (pixel >> 16) + product(factors, green) & 0xff;
          int blue = pixel + product(factors >> 8, green) + product(factors >> 16, red) & 0xff;
          p[y * width + x] = pixel & 0xff00ff00 | red << 16 | blue;
        }
      }
      return p;
    }

    /** Of two signed bytes, in 3.5 fixed point. */
    private static int product(int factor, int colour) {
      return (byte) factor * (byte) colour >> 5;
    }
  }

  /** Red and blue were stored less green. */
  record AddGreen() implements Vp8lTransform {
    @Override
    public int[] undo(int[] p, int height) {
      for (int i = 0; i < p.length; i++) {
        int green = p[i] >> 8 & 0xff;
        p[i] = add(p[i], green << 16 | green);
      }
      return p;
    }
  }

  /**
   * Green was an index, several of them packed if the palette is small.
   *
   * @param width of the picture, unpacked
   * @param packing log2 of the indices in one coded pixel
   * @param colours ARGB; an index beyond them is transparent black
   */
  record Palette(int width, int packing, int[] colours) implements Vp8lTransform {
    @Override
    public int[] undo(int[] packed, int height) {
      int codedWidth = packed.length / height;
      int indexBits = 8 >> packing;
      int indexMask = (1 << indexBits) - 1;
      int inPixel = (1 << packing) - 1;
      int[] pixels = new int[Math.multiplyExact(width, height)];
      for (int y = 0; y < height; y++) {
        for (int x = 0; x < width; x++) {
          int green = packed[y * codedWidth + (x >> packing)] >> 8 & 0xff;
          int index = green >> (x & inPixel) * indexBits & indexMask;
          pixels[y * width + x] = index < colours.length ? colours[index] : 0;
        }
      }
      return pixels;
    }
  }
}
