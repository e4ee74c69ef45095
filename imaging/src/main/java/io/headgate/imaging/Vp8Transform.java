package io.headgate.imaging;

/** VP8's inverse transforms (RFC 6386, section 14). */
final class Vp8Transform {
  private Vp8Transform() {}

  /** Adds the inverse DCT of 16 coefficients to a 4x4 block. */
  static void addInverse(short[] in, int at, byte[] samples, int to, int stride) {
    boolean dcOnly = true;
    for (int i = 1; i < 16; i++) {
      dcOnly &= in[at + i] == 0;
    }
    if (dcOnly) {
      int dc = in[at] + 4 >> 3;
      for (int row = 0; dc != 0 && row < 4; row++) {
        for (int column = 0; column < 4; column++) {
          add(samples, to + row * stride + column, dc);
        }
      }
      return;
    }
    int[] columns = new int[16];
    for (int i = 0; i < 4; i++) {
      int a = in[at + i] + in[at + 8 + i];
      int b = in[at + i] - in[at + 8 + i];
      int c = sine(in[at + 4 + i]) - cosine(in[at + 12 + i]);
      int d = cosine(in[at + 4 + i]) + sine(in[at + 12 + i]);
      columns[i] = a + d;
      columns[4 + i] = b + c;
      columns[8 + i] = b - c;
      columns[12 + i] = a - d;
    }
    for (int row = 0; row < 4; row++) {
      int dc = columns[row * 4] + 4;
      int a = dc + columns[row * 4 + 2];
      int b = dc - columns[row * 4 + 2];
      int c = sine(columns[row * 4 + 1]) - cosine(columns[row * 4 + 3]);
      int d = cosine(columns[row * 4 + 1]) + sine(columns[row * 4 + 3]);
      int out = to + row * stride;
      add(samples, out, a + d >> 3);
      add(samples, out + 1, b + c >> 3);
      add(samples, out + 2, b - c >> 3);
      add(samples, out + 3, a - d >> 3);
    }
  }

  /** Spreads the whole-luma block over the DC coefficients of the 16 luma blocks before it. */
  static void inverseHadamard(short[] c, int at) {
    int[] columns = new int[16];
    for (int i = 0; i < 4; i++) {
      int a0 = c[at + i] + c[at + 12 + i];
      int a1 = c[at + 4 + i] + c[at + 8 + i];
      int a2 = c[at + 4 + i] - c[at + 8 + i];
      int a3 = c[at + i] - c[at + 12 + i];
      columns[i] = a0 + a1;
      columns[8 + i] = a0 - a1;
      columns[4 + i] = a3 + a2;
      columns[12 + i] = a3 - a2;
    }
    for (int row = 0; row < 4; row++) {
      int dc = columns[row * 4] + 3;
      int a0 = dc + columns[row * 4 + 3];
      int a1 = columns[row * 4 + 1] + columns[row * 4 + 2];
      int a2 = columns[row * 4 + 1] - columns[row * 4 + 2];
      int a3 = dc - columns[row * 4 + 3];
      int out = row * 64;
      c[out] = (short) (a0 + a1 >> 3);
      c[out + 16] = (short) (a3 + a2 >> 3);
      c[out + 32] = (short) (a0 - a1 >> 3);
      c[out + 48] = (short) (a3 - a2 >> 3);
    }
  }

  /** The same if only its first coefficient is there. */
  static void inverseHadamardDc(short[] c, int at) {
    short dc = (short) (c[at] + 3 >> 3);
    for (int block = 0; block < 16; block++) {
      c[block * 16] = dc;
    }
  }

  /** Times sqrt(2) cos(pi / 8). */
  private static int cosine(int value) {
    return (value * 20091 >> 16) + value;
  }

  /** Times sqrt(2) sin(pi / 8). */
  private static int sine(int value) {
    return value * 35468 >> 16;
  }

  private static void add(byte[] samples, int at, int value) {
    int sum = (samples[at] & 0xff) + value;
    samples[at] = (byte) Math.max(0, Math.min(sum, 255));
  }
}
