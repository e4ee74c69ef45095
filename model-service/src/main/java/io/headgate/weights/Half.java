package io.headgate.weights;

/** IEEE 754 binary16, which Java 17 has no type for. */
final class Half {
  /** 2^112: moves the exponent bias of binary16 (15) to that of binary32 (127). */
  private static final float BIAS = 0x1p112f;

  private static final int INFINITY = 0x7c00;

  /** Smallest magnitude that rounds to infinity, 65520, as bits of binary32. */
  private static final int OVERFLOW = 0x477ff000;

  /** Smallest normal magnitude, 2^-14, as bits of binary32. */
  private static final int SMALLEST_NORMAL = 0x38800000;

  private Half() {}

  /** Exact for every bit pattern. */
  static float toFloat(short half) {
    int magnitude = (half & 0x7fff) << 13;
    int sign = (half & 0x8000) << 16;
    int value =
        (half & INFINITY) == INFINITY
            ? magnitude | 0x7f800000
            : Float.floatToRawIntBits(Float.intBitsToFloat(magnitude) * BIAS);
    return Float.intBitsToFloat(value | sign);
  }

  /** The nearest half, ties to even; NaN stays NaN. */
  static short fromFloat(float value) {
    int bits = Float.floatToRawIntBits(value);
    int sign = bits >>> 16 & 0x8000;
    int magnitude = bits & 0x7fffffff;
    int half;
    if (magnitude > 0x7f800000) {
      half = INFINITY | 0x200;
    } else if (magnitude >= OVERFLOW) {
      half = INFINITY;
    } else if (magnitude < SMALLEST_NORMAL) {
      half = (int) Math.rint(Float.intBitsToFloat(magnitude) * 0x1p24);
    } else {
      half = magnitude - 0x38000000 + 0xfff + (magnitude >>> 13 & 1) >>> 13;
    }
    return (short) (sign | half);
  }
}
