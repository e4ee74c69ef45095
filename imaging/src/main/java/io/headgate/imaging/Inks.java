package io.headgate.imaging;

/** CMYK to RGB, as Pillow does it. */
final class Inks {
  private Inks() {}

  /**
   * JPEG stores inks inverted: 255 is no ink. RGB = nk − muldiv255(c, nk) with nk = 255 − k and c,
   * k not inverted.
   */
  static void storedCmykToRgb(byte[] cmyk, int at, byte[] rgb, int to) {
    int nk = cmyk[at + 3] & 0xff;
    for (int i = 0; i < RgbImage.CHANNELS; i++) {
      int t = (255 - (cmyk[at + i] & 0xff)) * nk + 128;
      rgb[to + i] = (byte) Math.max(nk - ((t >> 8) + t >> 8), 0);
    }
  }

  /** In place, with libjpeg's 16-bit fixed point ({@code ycck_cmyk_convert}). K stays. */
  static void ycckToCmyk(byte[] ycck, int at) {
    int y = ycck[at] & 0xff;
    int cb = (ycck[at + 1] & 0xff) - 128;
    int cr = (ycck[at + 2] & 0xff) - 128;
    int r = y + (91881 * cr + 32768 >> 16);
    int g = y + (-22554 * cb - 46802 * cr + 32768 >> 16);
    int b = y + (116130 * cb + 32768 >> 16);
    ycck[at] = (byte) (255 - clip(r));
    ycck[at + 1] = (byte) (255 - clip(g));
    ycck[at + 2] = (byte) (255 - clip(b));
  }

  private static int clip(int value) {
    return Math.max(0, Math.min(value, 255));
  }
}
