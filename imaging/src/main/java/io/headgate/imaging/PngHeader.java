package io.headgate.imaging;

/**
 * PNG's IHDR chunk.
 *
 * @param width in pixels
 * @param height in pixels
 * @param depth bits per sample: 1, 2, 4, 8 or 16
 * @param colour what a sample means
 * @param interlaced Adam7
 */
record PngHeader(int width, int height, int depth, Colour colour, boolean interlaced) {
  /** Colour types by their number in the file. */
  enum Colour {
    GRAY(0, 1),
    RGB(2, 3),
    PALETTE(3, 1),
    GRAY_ALPHA(4, 2),
    RGB_ALPHA(6, 4);

    private final int type;
    private final int samples;

    Colour(int type, int samples) {
      this.type = type;
      this.samples = samples;
    }

    private boolean allows(int depth) {
      return switch (depth) {
        case 1, 2, 4 -> this == GRAY || this == PALETTE;
        case 8 -> true;
        case 16 -> this != PALETTE;
        default -> false;
      };
    }
  }

  /** Where the first chunk's contents start. */
  private static final int CONTENTS = 16;

  static PngHeader parse(Bytes bytes) throws ImageRejectedException {
    bytes.need(8, 25);
    if (bytes.u32be(8) != 13 || !bytes.matches(12, 'I', 'H', 'D', 'R')) {
      throw Bytes.corrupt("PNG does not start with its header chunk");
    }
    long width = bytes.u32be(CONTENTS);
    long height = bytes.u32be(CONTENTS + 4);
    if (width > Integer.MAX_VALUE || height > Integer.MAX_VALUE) {
      throw new ImageRejectedException(
          RejectionCode.BAD_DIMENSIONS,
          "PNG of %dx%d pixels (expected: sides below 2^31)".formatted(width, height));
    }
    int depth = bytes.u8(CONTENTS + 8);
    int type = bytes.u8(CONTENTS + 9);
    Colour colour = null;
    for (Colour candidate : Colour.values()) {
      if (candidate.type == type && candidate.allows(depth)) {
        colour = candidate;
      }
    }
    if (colour == null) {
      throw Bytes.corrupt("PNG with colour type %d at %d bits".formatted(type, depth));
    }
    int interlace = bytes.u8(CONTENTS + 12);
    if (bytes.u8(CONTENTS + 10) != 0 || bytes.u8(CONTENTS + 11) != 0 || interlace > 1) {
      throw Bytes.corrupt("PNG with an unknown compression, filter or interlace method");
    }
    return new PngHeader((int) width, (int) height, depth, colour, interlace == 1);
  }

  /** The size, and the frames an animated PNG (acTL chunk) declares before its pixels. */
  static ImageHeader describe(Bytes bytes) throws ImageRejectedException {
    PngHeader header = parse(bytes);
    long frames = 1;
    long at = 33;
    while (at + 12 <= bytes.length() && !bytes.matches((int) at + 4, 'I', 'D', 'A', 'T')) {
      if (bytes.matches((int) at + 4, 'a', 'c', 'T', 'L')) {
        frames = Math.max(1, bytes.u32be((int) at + 8));
        break;
      }
      at += 12 + bytes.u32be((int) at);
    }
    return new ImageHeader(
        ImageFormat.PNG, header.width, header.height, (int) Math.min(frames, Integer.MAX_VALUE));
  }

  int bitsPerPixel() {
    return colour.samples * depth;
  }

  /** Bytes of one row of {@code columns} pixels, without its filter type. */
  int rowBytes(int columns) {
    return Math.toIntExact(((long) columns * bitsPerPixel() + 7) / 8);
  }
}
