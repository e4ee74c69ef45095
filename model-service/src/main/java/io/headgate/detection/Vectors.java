package io.headgate.detection;

/** Dot products with four accumulators: float sums in a fixed order, the same on every machine. */
final class Vectors {
  private Vectors() {}

  /** ⟨a[at..at+n), b[bt..bt+n)⟩. */
  static float dot(float[] a, int at, float[] b, int bt, int n) {
    float s0 = 0;
    float s1 = 0;
    float s2 = 0;
    float s3 = 0;
    int i = 0;
    for (; i + 3 < n; i += 4) {
      s0 += a[at + i] * b[bt + i];
      s1 += a[at + i + 1] * b[bt + i + 1];
      s2 += a[at + i + 2] * b[bt + i + 2];
      s3 += a[at + i + 3] * b[bt + i + 3];
    }
    for (; i < n; i++) {
      s0 += a[at + i] * b[bt + i];
    }
    return (s0 + s1) + (s2 + s3);
  }

  /** ⟨a − m, b⟩ over n numbers. */
  static float centredDot(float[] a, int at, float[] m, int mt, float[] b, int bt, int n) {
    float s0 = 0;
    float s1 = 0;
    float s2 = 0;
    float s3 = 0;
    int i = 0;
    for (; i + 3 < n; i += 4) {
      s0 += (a[at + i] - m[mt + i]) * b[bt + i];
      s1 += (a[at + i + 1] - m[mt + i + 1]) * b[bt + i + 1];
      s2 += (a[at + i + 2] - m[mt + i + 2]) * b[bt + i + 2];
      s3 += (a[at + i + 3] - m[mt + i + 3]) * b[bt + i + 3];
    }
    for (; i < n; i++) {
      s0 += (a[at + i] - m[mt + i]) * b[bt + i];
    }
    return (s0 + s1) + (s2 + s3);
  }

  /** Scales to unit norm in place; leaves the zero vector alone. */
  static float[] unit(float[] v) {
    double norm = 0;
    for (float x : v) {
      norm += (double) x * x;
    }
    norm = Math.sqrt(norm);
    if (norm > 0) {
      for (int i = 0; i < v.length; i++) {
        v[i] = (float) (v[i] / norm);
      }
    }
    return v;
  }
}
