package io.headgate.imaging;

/**
 * Smooths the edges of one macroblock (RFC 6386, section 15).
 *
 * @param level 1 to 63
 * @param interior the largest step between neighbours that still counts as smooth
 */
record Vp8LoopFilter(int level, int interior) {
  /** Luma only, two samples each side. */
  void simple(Vp8Plane y, int at, boolean left, boolean above, boolean inner) {
    int edge = 2 * level + interior;
    if (left) {
      simpleEdge(y.samples, at, 1, y.stride, edge + 4);
    }
    for (int i = 4; inner && i < 16; i += 4) {
      simpleEdge(y.samples, at + i, 1, y.stride, edge);
    }
    if (above) {
      simpleEdge(y.samples, at, y.stride, 1, edge + 4);
    }
    for (int i = 4; inner && i < 16; i += 4) {
      simpleEdge(y.samples, at + i * y.stride, y.stride, 1, edge);
    }
  }

  /** All planes, up to three samples each side. */
  void normal(
      Vp8Plane y,
      int lumaAt,
      Vp8Plane u,
      Vp8Plane v,
      int chromaAt,
      boolean left,
      boolean above,
      boolean inner) {
    int edge = 2 * level + interior;
    if (left) {
      outerEdge(y.samples, lumaAt, 1, y.stride, 16, edge + 4);
      outerEdge(u.samples, chromaAt, 1, u.stride, 8, edge + 4);
      outerEdge(v.samples, chromaAt, 1, v.stride, 8, edge + 4);
    }
    if (inner) {
      for (int i = 4; i < 16; i += 4) {
        innerEdge(y.samples, lumaAt + i, 1, y.stride, 16, edge);
      }
      innerEdge(u.samples, chromaAt + 4, 1, u.stride, 8, edge);
      innerEdge(v.samples, chromaAt + 4, 1, v.stride, 8, edge);
    }
    if (above) {
      outerEdge(y.samples, lumaAt, y.stride, 1, 16, edge + 4);
      outerEdge(u.samples, chromaAt, u.stride, 1, 8, edge + 4);
      outerEdge(v.samples, chromaAt, v.stride, 1, 8, edge + 4);
    }
    if (inner) {
      for (int i = 4; i < 16; i += 4) {
        innerEdge(y.samples, lumaAt + i * y.stride, y.stride, 1, 16, edge);
      }
      innerEdge(u.samples, chromaAt + 4 * u.stride, u.stride, 1, 8, edge);
      innerEdge(v.samples, chromaAt + 4 * v.stride, v.stride, 1, 8, edge);
    }
  }

  /**
   * @param across distance of neighbours on both sides of the edge
   * @param along distance of neighbours on the same side
   */
  private static void simpleEdge(byte[] s, int at, int across, int along, int edge) {
    for (int i = 0; i < 16; i++, at += along) {
      if (4 * step(s, at - across, at) + step(s, at - 2 * across, at + across) <= 2 * edge + 1) {
        sharpStep(s, at, across);
      }
    }
  }

  private void outerEdge(byte[] s, int at, int across, int along, int count, int edge) {
    for (int i = 0; i < count; i++, at += along) {
      if (!smooth(s, at, across, edge)) {
        continue;
      }
      if (highVariance(s, at, across)) {
        sharpStep(s, at, across);
      } else {
        wideStep(s, at, across);
      }
    }
  }

  private void innerEdge(byte[] s, int at, int across, int along, int count, int edge) {
    for (int i = 0; i < count; i++, at += along) {
      if (!smooth(s, at, across, edge)) {
        continue;
      }
      if (highVariance(s, at, across)) {
        sharpStep(s, at, across);
      } else {
        narrowStep(s, at, across);
      }
    }
  }

  private boolean smooth(byte[] s, int at, int across, int edge) {
    return 4 * step(s, at - across, at) + step(s, at - 2 * across, at + across) <= 2 * edge + 1
        && step(s, at - 4 * across, at - 3 * across) <= interior
        && step(s, at - 3 * across, at - 2 * across) <= interior
        && step(s, at - 2 * across, at - across) <= interior
        && step(s, at + 3 * across, at + 2 * across) <= interior
        && step(s, at + 2 * across, at + across) <= interior
        && step(s, at + across, at) <= interior;
  }

  private boolean highVariance(byte[] s, int at, int across) {
    int threshold = level >= 40 ? 2 : level >= 15 ? 1 : 0;
    return step(s, at - 2 * across, at - across) > threshold
        || step(s, at + across, at) > threshold;
  }

  /** Moves the two samples at the edge. */
  private static void sharpStep(byte[] s, int at, int across) {
    int p1 = s[at - 2 * across] & 0xff;
    int p0 = s[at - across] & 0xff;
    int q0 = s[at] & 0xff;
    int q1 = s[at + across] & 0xff;
    int a = clip(3 * (q0 - p0) + clip(p1 - q1, 127), 1020);
    s[at - across] = sample(p0 + clip(a + 3 >> 3, 15));
    s[at] = sample(q0 - clip(a + 4 >> 3, 15));
  }

  /** Moves four samples. */
  private static void narrowStep(byte[] s, int at, int across) {
    int p1 = s[at - 2 * across] & 0xff;
    int p0 = s[at - across] & 0xff;
    int q0 = s[at] & 0xff;
    int q1 = s[at + across] & 0xff;
    int a = 3 * (q0 - p0);
    int a1 = clip(a + 4 >> 3, 15);
    int a2 = clip(a + 3 >> 3, 15);
    int a3 = a1 + 1 >> 1;
    s[at - 2 * across] = sample(p1 + a3);
    s[at - across] = sample(p0 + a2);
    s[at] = sample(q0 - a1);
    s[at + across] = sample(q1 - a3);
  }

  /** Moves six samples. */
  private static void wideStep(byte[] s, int at, int across) {
    int p2 = s[at - 3 * across] & 0xff;
    int p1 = s[at - 2 * across] & 0xff;
    int p0 = s[at - across] & 0xff;
    int q0 = s[at] & 0xff;
    int q1 = s[at + across] & 0xff;
    int q2 = s[at + 2 * across] & 0xff;
    int a = clip(3 * (q0 - p0) + clip(p1 - q1, 127), 127);
    int a1 = 27 * a + 63 >> 7;
    int a2 = 18 * a + 63 >> 7;
    int a3 = 9 * a + 63 >> 7;
    s[at - 3 * across] = sample(p2 + a3);
    s[at - 2 * across] = sample(p1 + a2);
    s[at - across] = sample(p0 + a1);
    s[at] = sample(q0 - a1);
    s[at + across] = sample(q1 - a2);
    s[at + 2 * across] = sample(q2 - a3);
  }

  private static int step(byte[] s, int a, int b) {
    return Math.abs((s[a] & 0xff) - (s[b] & 0xff));
  }

  /** Into [−max − 1, max]. */
  private static int clip(int value, int max) {
    return Math.max(-max - 1, Math.min(value, max));
  }

  private static byte sample(int value) {
    return (byte) Math.max(0, Math.min(value, 255));
  }
}
