package io.headgate.weights;

import java.nio.ByteBuffer;

/** Stored elements to Java numbers. */
final class Decode {
  /** 2^112: moves the exponent bias of binary16 (15) to that of binary32 (127). */
  private static final float HALF_BIAS = 0x1p112f;

  private Decode() {}

  /** Converts the first {@code n} elements of the buffer. F64 is rounded, integers are cast. */
  static void floats(DType dtype, ByteBuffer from, int n, float[] into) {
    switch (dtype) {
      case F32 -> from.duplicate().order(from.order()).clear().asFloatBuffer().get(into, 0, n);
      case F16 -> {
        for (int i = 0; i < n; i++) {
          into[i] = half(from.getShort(2 * i));
        }
      }
      case BF16 -> {
        for (int i = 0; i < n; i++) {
          into[i] = Float.intBitsToFloat(from.getShort(2 * i) << 16);
        }
      }
      case F64 -> {
        for (int i = 0; i < n; i++) {
          into[i] = (float) from.getDouble(8 * i);
        }
      }
      default -> {
        long[] longs = new long[n];
        longs(dtype, from, n, longs, 0);
        for (int i = 0; i < n; i++) {
          into[i] = longs[i];
        }
      }
    }
  }

  /** Converts the first {@code n} elements of the buffer. */
  static void longs(DType dtype, ByteBuffer from, int n, long[] into, int at) {
    for (int i = 0; i < n; i++) {
      into[at + i] =
          switch (dtype) {
            case I64 -> from.getLong(8 * i);
            case I32 -> from.getInt(4 * i);
            case I16 -> from.getShort(2 * i);
            case I8 -> from.get(i);
            case U8, BOOL -> from.get(i) & 0xff;
            default -> throw new IllegalStateException(dtype + " is no integer type");
          };
    }
  }

  /** IEEE 754 binary16 to binary32, exact for every bit pattern. */
  static float half(short bits) {
    int magnitude = (bits & 0x7fff) << 13;
    int sign = (bits & 0x8000) << 16;
    int value =
        (bits & 0x7c00) == 0x7c00
            ? magnitude | 0x7f800000
            : Float.floatToRawIntBits(Float.intBitsToFloat(magnitude) * HALF_BIAS);
    return Float.intBitsToFloat(value | sign);
  }
}
