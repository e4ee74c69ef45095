package io.headgate.imaging;

/** PNG's IHDR. */
final class PngHeader {
  private PngHeader() {}

  static ImageHeader parse(Bytes bytes) throws ImageRejectedException {
    bytes.need(8, 25);
    if (bytes.u32be(8) != 13 || !bytes.matches(12, 'I', 'H', 'D', 'R')) {
      throw Bytes.corrupt("PNG does not start with its header chunk");
    }
    long width = bytes.u32be(16);
    long height = bytes.u32be(20);
    if (width > Integer.MAX_VALUE || height > Integer.MAX_VALUE) {
      throw new ImageRejectedException(
          RejectionCode.BAD_DIMENSIONS,
          "PNG of %dx%d pixels (expected: sides below 2^31)".formatted(width, height));
    }
    return new ImageHeader(ImageFormat.PNG, (int) width, (int) height, 1);
  }
}
