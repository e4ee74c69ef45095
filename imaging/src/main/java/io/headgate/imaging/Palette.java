package io.headgate.imaging;

/**
 * Up to 256 colours. An index without a colour is a gray of its own value, as in Pillow, so that
 * such files mean the same here as in training.
 */
final class Palette {
  static final int SIZE = 256;

  private final byte[] rgb = new byte[SIZE * RgbImage.CHANNELS];

  private Palette() {
    for (int i = 0; i < rgb.length; i++) {
      rgb[i] = (byte) (i / RgbImage.CHANNELS);
    }
  }

  static Palette grays() {
    return new Palette();
  }

  static Palette of(byte[] data, int at, int colours) {
    Palette palette = new Palette();
    System.arraycopy(data, at, palette.rgb, 0, colours * RgbImage.CHANNELS);
    return palette;
  }

  void put(int index, byte[] into, int at) {
    int from = index * RgbImage.CHANNELS;
    into[at] = rgb[from];
    into[at + 1] = rgb[from + 1];
    into[at + 2] = rgb[from + 2];
  }
}
