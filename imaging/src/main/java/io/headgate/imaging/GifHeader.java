package io.headgate.imaging;

/** GIF's logical screen. */
final class GifHeader {
  private GifHeader() {}

  static ImageHeader parse(Bytes bytes) throws ImageRejectedException {
    return new ImageHeader(ImageFormat.GIF, bytes.u16le(6), bytes.u16le(8), 1);
  }
}
