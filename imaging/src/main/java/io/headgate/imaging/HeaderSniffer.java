package io.headgate.imaging;

import java.util.Locale;

/** Tells the format from the first bytes and holds the declared size to the limits. */
final class HeaderSniffer {
  private HeaderSniffer() {}

  static ImageHeader sniff(byte[] encoded, ImageLimits limits) throws ImageRejectedException {
    if (encoded.length == 0) {
      throw new ImageRejectedException(
          RejectionCode.EMPTY, "no bytes (expected: a JPEG, PNG, GIF or WebP file)");
    }
    if (encoded.length > limits.maxBytes()) {
      throw new ImageRejectedException(
          RejectionCode.TOO_MANY_BYTES,
          "%d bytes (expected: at most %d): send a smaller file or raise the byte limit"
              .formatted(encoded.length, limits.maxBytes()));
    }
    ImageHeader header = parse(encoded, limits);
    check(header, limits);
    return header;
  }

  private static ImageHeader parse(byte[] encoded, ImageLimits limits)
      throws ImageRejectedException {
    Bytes bytes = new Bytes(encoded);
    if (bytes.startsWith(0xff, 0xd8)) {
      return JpegFile.header(bytes);
    }
    if (bytes.startsWith(0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n')) {
      return PngHeader.describe(bytes);
    }
    if (bytes.startsWith('G', 'I', 'F', '8', '7', 'a')
        || bytes.startsWith('G', 'I', 'F', '8', '9', 'a')) {
      return GifFile.describe(bytes, limits.maxFrames());
    }
    if (bytes.startsWith('R', 'I', 'F', 'F') && bytes.matches(8, 'W', 'E', 'B', 'P')) {
      return WebpFile.parse(bytes, limits.maxFrames()).header();
    }
    throw unknown(bytes);
  }

  private static void check(ImageHeader header, ImageLimits limits) throws ImageRejectedException {
    int width = header.width();
    int height = header.height();
    if (width < 1 || height < 1) {
      throw new ImageRejectedException(
          RejectionCode.BAD_DIMENSIONS,
          "%s of %dx%d pixels (expected: both sides at least 1)"
              .formatted(header.format(), width, height));
    }
    if (header.pixels() > limits.maxPixels()) {
      throw new ImageRejectedException(
          RejectionCode.TOO_MANY_PIXELS,
          "%s of %dx%d = %d pixels (expected: at most %d): scale it down or raise the pixel limit"
              .formatted(header.format(), width, height, header.pixels(), limits.maxPixels()));
    }
    double ratio = (double) Math.max(width, height) / Math.min(width, height);
    if (ratio > limits.maxAspectRatio()) {
      throw new ImageRejectedException(
          RejectionCode.ASPECT_RATIO,
          String.format(
              Locale.ROOT,
              "%s of %dx%d pixels, %.0f:1 (expected: at most %.0f:1): a centre crop would show next"
                  + " to nothing of it; crop it first",
              header.format(),
              width,
              height,
              ratio,
              limits.maxAspectRatio()));
    }
    if (header.frames() > limits.maxFrames()) {
      throw new ImageRejectedException(
          RejectionCode.TOO_MANY_FRAMES,
          "%s of %d frames (expected: at most %d): send its first frame"
              .formatted(header.format(), header.frames(), limits.maxFrames()));
    }
  }

  /** Names the usual suspects, so that the sender learns what was sent. */
  private static ImageRejectedException unknown(Bytes bytes) {
    String known = null;
    if (bytes.startsWith('B', 'M')) {
      known = "BMP";
    } else if (bytes.startsWith('I', 'I', 42, 0) || bytes.startsWith('M', 'M', 0, 42)) {
      known = "TIFF";
    } else if (bytes.matches(4, 'f', 't', 'y', 'p')) {
      known = "ISO media (HEIC, AVIF or a video)";
    } else if (bytes.startsWith(0xff, 0x0a) || bytes.matches(4, 'J', 'X', 'L', ' ')) {
      known = "JPEG XL";
    } else if (bytes.matches(4, 'j', 'P', ' ', ' ') || bytes.startsWith(0xff, 0x4f, 0xff, 0x51)) {
      known = "JPEG 2000";
    } else if (bytes.startsWith(0, 0, 1, 0)) {
      known = "ICO";
    } else if (bytes.startsWith('8', 'B', 'P', 'S')) {
      known = "PSD";
    }
    if (known != null) {
      return new ImageRejectedException(
          RejectionCode.UNSUPPORTED_FORMAT,
          known + " (expected: JPEG, PNG, GIF or WebP): convert it first");
    }
    return new ImageRejectedException(
        RejectionCode.NOT_AN_IMAGE,
        "first bytes %s are of no known image format (expected: JPEG, PNG, GIF or WebP)"
            .formatted(bytes.hex(0, 8)));
  }
}
