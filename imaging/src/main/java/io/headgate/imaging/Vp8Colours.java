package io.headgate.imaging;

/**
 * Luma and half-size chroma to RGB as libwebp does it: chroma interpolated with weights 9, 3, 3, 1
 * (its "fancy" upsampling, with its order of roundings), then 14-bit fixed point.
 */
record Vp8Colours(Vp8Plane y, Vp8Plane u, Vp8Plane v, int width, int height)
    implements WebpDecoder.RowSource {
  @Override
  public void row(int row, int from, int to, byte[] rgb, int offset) {
    int nearRow = row >> 1;
    int lastChromaRow = (height - 1) >> 1;
    int farRow = (row & 1) == 0 ? nearRow - 1 : nearRow + 1;
    if (farRow < 0 || farRow > lastChromaRow) {
      farRow = nearRow;
    }
    int lastChromaColumn = (width - 1) >> 1;
    int lumaAt = y.at(0, row);
    int near = u.at(0, nearRow);
    int far = u.at(0, farRow);
    int out = offset + from * RgbImage.CHANNELS;
    for (int x = from; x < to; x++) {
      int column = x >> 1;
      int other = (x & 1) == 0 ? column - 1 : column + 1;
      int cb;
      int cr;
      if (other < 0 || other > lastChromaColumn) {
        cb = edge(u.samples, near + column, far + column);
        cr = edge(v.samples, near + column, far + column);
      } else {
        cb = inside(u.samples, near + column, near + other, far + column, far + other);
        cr = inside(v.samples, near + column, near + other, far + column, far + other);
      }
      int luma = (y.samples[lumaAt + x] & 0xff) * 19077 >> 8;
      rgb[out++] = clip(luma + (cr * 26149 >> 8) - 14234);
      rgb[out++] = clip(luma - (cb * 6419 >> 8) - (cr * 13320 >> 8) + 8708);
      rgb[out++] = clip(luma + (cb * 33050 >> 8) - 17685);
    }
  }

  private static int edge(byte[] s, int near, int far) {
    return 3 * (s[near] & 0xff) + (s[far] & 0xff) + 2 >> 2;
  }

  private static int inside(byte[] s, int nearest, int sameRow, int sameColumn, int opposite) {
    int n = s[nearest] & 0xff;
    int r = s[sameRow] & 0xff;
    int c = s[sameColumn] & 0xff;
    int o = s[opposite] & 0xff;
    return (n + r + c + o + 8 + 2 * (r + c) >> 3) + n >> 1;
  }

  private static byte clip(int value) {
    return (byte) (value < 0 ? 0 : Math.min(value >> 6, 255));
  }
}
