package io.headgate.weights;

import java.nio.ByteBuffer;

/** Stored elements to Java numbers. */
final class Decode {
  private Decode() {}

  /** Converts the first {@code n} elements of the buffer. F64 is rounded, integers are cast. */
  static void floats(DType dtype, ByteBuffer from, int n, float[] into) {
    switch (dtype) {
      case F32 -> from.duplicate().order(from.order()).clear().asFloatBuffer().get(into, 0, n);
      case F16 -> {
        for (int i = 0; i < n; i++) {
          into[i] = Half.toFloat(from.getShort(2 * i));
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
}
