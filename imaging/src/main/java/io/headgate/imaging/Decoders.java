package io.headgate.imaging;

/** Picks the decoder of a format. */
final class Decoders {
  private Decoders() {}

  static void decode(
      byte[] encoded, ImageHeader header, ImageLimits limits, Deadline deadline, RowSink sink)
      throws ImageRejectedException {
    Bytes bytes = new Bytes(encoded);
    switch (header.format()) {
      case JPEG -> JpegDecoder.decode(bytes, limits, deadline, sink);
      case PNG -> PngDecoder.decode(bytes, deadline, sink);
      case GIF -> GifDecoder.decode(bytes, deadline, sink);
      case WEBP -> WebpDecoder.decode(bytes, deadline, sink);
      default -> throw new IllegalStateException("format: " + header.format());
    }
  }
}
