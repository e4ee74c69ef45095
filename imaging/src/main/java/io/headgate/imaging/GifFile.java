package io.headgate.imaging;

/**
 * A GIF file (GIF89a) up to its first picture.
 *
 * @param width canvas, widened to hold the first picture
 * @param height canvas, heightened to hold the first picture
 * @param left first picture's place on the canvas
 * @param top first picture's place on the canvas
 * @param pictureWidth in pixels
 * @param pictureHeight in pixels
 * @param interlaced four passes
 * @param transparent index of the transparent colour, or −1
 * @param palette the picture's own, else the file's, else grays
 * @param data position of the compressed indices
 */
record GifFile(
    int width,
    int height,
    int left,
    int top,
    int pictureWidth,
    int pictureHeight,
    boolean interlaced,
    int transparent,
    Palette palette,
    int data) {
  private static final int SCREEN = 6;
  private static final int EXTENSION = 0x21;
  private static final int PICTURE = 0x2c;
  private static final int TRAILER = 0x3b;
  private static final int GRAPHIC_CONTROL = 0xf9;

  static GifFile parse(Bytes bytes) throws ImageRejectedException {
    int flags = bytes.u8(SCREEN + 4);
    Palette palette = Palette.grays();
    int at = SCREEN + 7;
    if ((flags & 0x80) != 0) {
      palette = palette(bytes, at, flags);
      at += paletteBytes(flags);
    }
    int transparent = -1;
    while (true) {
      switch (bytes.u8(at)) {
        case EXTENSION -> {
          if (bytes.u8(at + 1) == GRAPHIC_CONTROL && bytes.u8(at + 2) >= 4) {
            transparent = (bytes.u8(at + 3) & 1) != 0 ? bytes.u8(at + 6) : -1;
          }
          at = endOfBlocks(bytes, at + 2);
        }
        case PICTURE -> {
          int left = bytes.u16le(at + 1);
          int top = bytes.u16le(at + 3);
          int pictureWidth = bytes.u16le(at + 5);
          int pictureHeight = bytes.u16le(at + 7);
          int pictureFlags = bytes.u8(at + 9);
          at += 10;
          if ((pictureFlags & 0x80) != 0) {
            palette = palette(bytes, at, pictureFlags);
            at += paletteBytes(pictureFlags);
          }
          if (pictureWidth == 0 || pictureHeight == 0) {
            throw new ImageRejectedException(
                RejectionCode.BAD_DIMENSIONS,
                "GIF picture of %dx%d pixels (expected: both sides at least 1)"
                    .formatted(pictureWidth, pictureHeight));
          }
          return new GifFile(
              Math.max(bytes.u16le(SCREEN), left + pictureWidth),
              Math.max(bytes.u16le(SCREEN + 2), top + pictureHeight),
              left,
              top,
              pictureWidth,
              pictureHeight,
              (pictureFlags & 0x40) != 0,
              transparent,
              palette,
              at);
        }
        case TRAILER -> throw Bytes.corrupt("GIF without a picture");
        // Bytes between blocks are stepped over, as everybody does.
        default -> at++;
      }
    }
  }

  /** The canvas, and how many pictures follow each other on it. */
  static ImageHeader describe(Bytes bytes, int maxFrames) throws ImageRejectedException {
    GifFile file = parse(bytes);
    return new ImageHeader(
        ImageFormat.GIF, file.width, file.height, file.countFrames(bytes, maxFrames));
  }

  /** Counts up to one past the limit; what is broken behind the first picture is not counted. */
  private int countFrames(Bytes bytes, int maxFrames) {
    int frames = 1;
    try {
      int at = endOfBlocks(bytes, data + 1);
      while (frames <= maxFrames) {
        int block = bytes.u8(at);
        if (block == TRAILER) {
          break;
        } else if (block == EXTENSION) {
          at = endOfBlocks(bytes, at + 2);
        } else if (block == PICTURE) {
          frames++;
          int flags = bytes.u8(at + 9);
          at += 10 + ((flags & 0x80) != 0 ? paletteBytes(flags) : 0);
          at = endOfBlocks(bytes, at + 1);
        } else {
          at++;
        }
      }
    } catch (ImageRejectedException e) {
      // The first picture may still be whole; its decoder decides.
      return frames;
    }
    return frames;
  }

  private static Palette palette(Bytes bytes, int at, int flags) throws ImageRejectedException {
    bytes.need(at, paletteBytes(flags));
    return Palette.of(bytes.array(), at, paletteBytes(flags) / RgbImage.CHANNELS);
  }

  private static int paletteBytes(int flags) {
    return RgbImage.CHANNELS << (flags & 7) + 1;
  }

  /** Position after a chain of length-prefixed blocks. */
  private static int endOfBlocks(Bytes bytes, int at) throws ImageRejectedException {
    int length;
    do {
      length = bytes.u8(at);
      at += 1 + length;
    } while (length != 0);
    return at;
  }
}
