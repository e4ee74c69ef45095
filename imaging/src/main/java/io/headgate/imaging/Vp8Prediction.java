package io.headgate.imaging;

import java.util.Arrays;

/** Guesses blocks from their neighbours above and to the left (RFC 6386, section 12). */
final class Vp8Prediction {
  private Vp8Prediction() {}

  /** The mean of those neighbours that are inside the picture. */
  static void dc(Vp8Plane plane, int at, int size, boolean above, boolean left) {
    byte[] s = plane.samples;
    int sum = 0;
    for (int i = 0; i < size; i++) {
      sum += above ? s[at - plane.stride + i] & 0xff : 0;
      sum += left ? s[at - 1 + i * plane.stride] & 0xff : 0;
    }
    int count = (above ? size : 0) + (left ? size : 0);
    fill(plane, at, size, count == 0 ? 128 : (sum + count / 2) / count);
  }

  static void vertical(Vp8Plane plane, int at, int size) {
    for (int row = 0; row < size; row++) {
      System.arraycopy(
          plane.samples, at - plane.stride, plane.samples, at + row * plane.stride, size);
    }
  }

  static void horizontal(Vp8Plane plane, int at, int size) {
    for (int row = 0; row < size; row++) {
      int to = at + row * plane.stride;
      Arrays.fill(plane.samples, to, to + size, plane.samples[to - 1]);
    }
  }

  /** Left plus above minus corner. */
  static void trueMotion(Vp8Plane plane, int at, int size) {
    byte[] s = plane.samples;
    int above = at - plane.stride;
    int corner = s[above - 1] & 0xff;
    for (int row = 0; row < size; row++) {
      int to = at + row * plane.stride;
      int base = (s[to - 1] & 0xff) - corner;
      for (int column = 0; column < size; column++) {
        int value = base + (s[above + column] & 0xff);
        s[to + column] = (byte) Math.max(0, Math.min(value, 255));
      }
    }
  }

  /**
   * A 4x4 block of luma.
   *
   * @param aboveRight where the four samples above to the right are
   */
  static void subblock(Vp8Plane plane, int at, int aboveRight, int mode) {
    byte[] s = plane.samples;
    int stride = plane.stride;
    if (mode == Vp8Tables.B_TM) {
      trueMotion(plane, at, 4);
      return;
    }
    if (mode == Vp8Tables.B_DC) {
      int sum = 4;
      for (int i = 0; i < 4; i++) {
        sum += (s[at - stride + i] & 0xff) + (s[at - 1 + i * stride] & 0xff);
      }
      fill(plane, at, 4, sum >> 3);
      return;
    }
    int l = s[at - 1 + 3 * stride] & 0xff;
    int k = s[at - 1 + 2 * stride] & 0xff;
    int j = s[at - 1 + stride] & 0xff;
    int i = s[at - 1] & 0xff;
    int x = s[at - 1 - stride] & 0xff;
    int a = s[at - stride] & 0xff;
    int b = s[at - stride + 1] & 0xff;
    int c = s[at - stride + 2] & 0xff;
    int d = s[at - stride + 3] & 0xff;
    int e = s[aboveRight] & 0xff;
    int f = s[aboveRight + 1] & 0xff;
    int g = s[aboveRight + 2] & 0xff;
    int h = s[aboveRight + 3] & 0xff;
    switch (mode) {
      case Vp8Tables.B_VE -> {
        for (int row = 0; row < 4; row++) {
          put(s, at + row * stride, mean(x, a, b), mean(a, b, c), mean(b, c, d), mean(c, d, e));
        }
      }
      case Vp8Tables.B_HE -> {
        Arrays.fill(s, at, at + 4, (byte) mean(x, i, j));
        Arrays.fill(s, at + stride, at + stride + 4, (byte) mean(i, j, k));
        Arrays.fill(s, at + 2 * stride, at + 2 * stride + 4, (byte) mean(j, k, l));
        Arrays.fill(s, at + 3 * stride, at + 3 * stride + 4, (byte) mean(k, l, l));
      }
      case Vp8Tables.B_LD -> {
        int abc = mean(a, b, c);
        int bcd = mean(b, c, d);
        int cde = mean(c, d, e);
        int def = mean(d, e, f);
        int efg = mean(e, f, g);
        int fgh = mean(f, g, h);
        put(s, at, abc, bcd, cde, def);
        put(s, at + stride, bcd, cde, def, efg);
        put(s, at + 2 * stride, cde, def, efg, fgh);
        put(s, at + 3 * stride, def, efg, fgh, mean(g, h, h));
      }
      case Vp8Tables.B_RD -> {
        int jkl = mean(j, k, l);
        int ijk = mean(i, j, k);
        int xij = mean(x, i, j);
        int axi = mean(a, x, i);
        int bax = mean(b, a, x);
        int cba = mean(c, b, a);
        put(s, at, axi, bax, cba, mean(d, c, b));
        put(s, at + stride, xij, axi, bax, cba);
        put(s, at + 2 * stride, ijk, xij, axi, bax);
        put(s, at + 3 * stride, jkl, ijk, xij, axi);
      }
      case Vp8Tables.B_VR -> {
        int xa = mean(x, a);
        int ab = mean(a, b);
        int bc = mean(b, c);
        int ixa = mean(i, x, a);
        int xab = mean(x, a, b);
        int abc = mean(a, b, c);
        put(s, at, xa, ab, bc, mean(c, d));
        put(s, at + stride, ixa, xab, abc, mean(b, c, d));
        put(s, at + 2 * stride, mean(j, i, x), xa, ab, bc);
        put(s, at + 3 * stride, mean(k, j, i), ixa, xab, abc);
      }
      case Vp8Tables.B_VL -> {
        int bc = mean(b, c);
        int cd = mean(c, d);
        int de = mean(d, e);
        int bcd = mean(b, c, d);
        int cde = mean(c, d, e);
        int def = mean(d, e, f);
        put(s, at, mean(a, b), bc, cd, de);
        put(s, at + stride, mean(a, b, c), bcd, cde, def);
        put(s, at + 2 * stride, bc, cd, de, mean(e, f, g));
        put(s, at + 3 * stride, bcd, cde, def, mean(f, g, h));
      }
      case Vp8Tables.B_HD -> {
        int ix = mean(i, x);
        int ji = mean(j, i);
        int kj = mean(k, j);
        int ixa = mean(i, x, a);
        int jix = mean(j, i, x);
        int kji = mean(k, j, i);
        put(s, at, ix, ixa, mean(x, a, b), mean(a, b, c));
        put(s, at + stride, ji, jix, ix, ixa);
        put(s, at + 2 * stride, kj, kji, ji, jix);
        put(s, at + 3 * stride, mean(l, k), mean(l, k, j), kj, kji);
      }
      case Vp8Tables.B_HU -> {
        int jk = mean(j, k);
        int kl = mean(k, l);
        int jkl = mean(j, k, l);
        int kll = mean(k, l, l);
        put(s, at, mean(i, j), mean(i, j, k), jk, jkl);
        put(s, at + stride, jk, jkl, kl, kll);
        put(s, at + 2 * stride, kl, kll, l, l);
        put(s, at + 3 * stride, l, l, l, l);
      }
      default -> throw new IllegalStateException("4x4 mode: " + mode);
    }
  }

  private static void fill(Vp8Plane plane, int at, int size, int value) {
    for (int row = 0; row < size; row++) {
      int to = at + row * plane.stride;
      Arrays.fill(plane.samples, to, to + size, (byte) value);
    }
  }

  private static void put(byte[] s, int at, int a, int b, int c, int d) {
    s[at] = (byte) a;
    s[at + 1] = (byte) b;
    s[at + 2] = (byte) c;
    s[at + 3] = (byte) d;
  }

  private static int mean(int a, int b) {
    return a + b + 1 >> 1;
  }

  private static int mean(int a, int b, int c) {
    return a + 2 * b + c + 2 >> 2;
  }
}
