package io.headgate.imaging;

/** WebP's first chunk. */
final class WebpHeader {
  private WebpHeader() {}

  static ImageHeader parse(Bytes bytes) throws ImageRejectedException {
    if (bytes.matches(12, 'V', 'P', '8', 'X')) {
      return new ImageHeader(ImageFormat.WEBP, bytes.u24le(24) + 1, bytes.u24le(27) + 1, 1);
    }
    if (bytes.matches(12, 'V', 'P', '8', 'L')) {
      long bits = bytes.u32le(21);
      return new ImageHeader(
          ImageFormat.WEBP, (int) (bits & 0x3fff) + 1, (int) (bits >> 14 & 0x3fff) + 1, 1);
    }
    if (bytes.matches(12, 'V', 'P', '8', ' ')) {
      return new ImageHeader(
          ImageFormat.WEBP, bytes.u16le(26) & 0x3fff, bytes.u16le(28) & 0x3fff, 1);
    }
    throw Bytes.corrupt("WebP with an unknown first chunk");
  }
}
