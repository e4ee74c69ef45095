package io.headgate.imaging;

/** JPEG markers (ITU-T T.81, annex B) up to the frame header. */
final class JpegHeader {
  private JpegHeader() {}

  static ImageHeader parse(Bytes bytes) throws ImageRejectedException {
    int at = 2;
    while (true) {
      if (bytes.u8(at) != 0xff) {
        throw Bytes.corrupt("JPEG: byte %d is no marker".formatted(at));
      }
      while (bytes.u8(at) == 0xff) {
        at++;
      }
      int marker = bytes.u8(at++);
      if (marker == 0xd8 || marker == 0x01 || marker >= 0xd0 && marker <= 0xd7) {
        continue;
      }
      if (marker == 0xd9 || marker == 0xda) {
        throw Bytes.corrupt("JPEG without a frame header");
      }
      int length = bytes.u16be(at);
      if (marker >= 0xc0 && marker <= 0xcf && marker != 0xc4 && marker != 0xc8 && marker != 0xcc) {
        if (marker > 0xc2) {
          throw Bytes.unsupported(
              "JPEG variant SOF%d (expected: baseline or progressive)".formatted(marker - 0xc0));
        }
        int precision = bytes.u8(at + 2);
        if (precision != 8) {
          throw Bytes.unsupported(
              "JPEG with %d bits per sample (expected: 8)".formatted(precision));
        }
        return new ImageHeader(ImageFormat.JPEG, bytes.u16be(at + 5), bytes.u16be(at + 3), 1);
      }
      at += length;
    }
  }
}
