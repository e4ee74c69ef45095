package io.headgate.weights;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;

/** Looks for NaN and infinity in stored numbers, eight bytes at a time. */
final class Finite {
  private static final int CHUNK_BYTES = 1 << 16;

  private Finite() {}

  /**
   * @throws WeightsException naming the tensor and the first element that is not finite
   */
  static void require(Path file, WeightTensor tensor) {
    DType dtype = tensor.dtype();
    if (!dtype.floating()) {
      return;
    }
    ByteBuffer chunk = ByteBuffer.allocate(CHUNK_BYTES).order(ByteOrder.LITTLE_ENDIAN);
    long elements = tensor.elements();
    for (long at = 0; at < elements; ) {
      int n = (int) tensor.readBytes(at, chunk.clear());
      chunk.flip();
      if (mayHaveOther(chunk, dtype)) {
        findOther(file, tensor, at, n);
      }
      at += n;
    }
  }

  /**
   * Whether any lane of the exponent mask is all ones: with the mask's bits flipped such a lane is
   * zero, which the classic test for a zero lane finds (Warren, Hacker's Delight, §6-1).
   */
  private static boolean mayHaveOther(ByteBuffer chunk, DType dtype) {
    long exponents =
        switch (dtype) {
          case F16 -> 0x7c00_7c00_7c00_7c00L;
          case BF16 -> 0x7f80_7f80_7f80_7f80L;
          case F32 -> 0x7f80_0000_7f80_0000L;
          default -> 0x7ff0_0000_0000_0000L;
        };
    long ones =
        switch (dtype.bytes()) {
          case 2 -> 0x0001_0001_0001_0001L;
          case 4 -> 0x0000_0001_0000_0001L;
          default -> 1L;
        };
    long signs = ones << 8 * dtype.bytes() - 1;
    int whole = chunk.limit() & -Long.BYTES;
    for (int i = 0; i < whole; i += Long.BYTES) {
      long lanes = chunk.getLong(i) & exponents ^ exponents;
      if ((lanes - ones & ~lanes & signs) != 0) {
        return true;
      }
    }
    return whole < chunk.limit();
  }

  private static void findOther(Path file, WeightTensor tensor, long at, int n) {
    float[] floats = new float[n];
    tensor.readFloats(at, floats);
    for (int i = 0; i < n; i++) {
      if (!Float.isFinite(floats[i])) {
        throw new WeightsException(
            file,
            "tensor %s: %s at element %,d (expected: finite weights); the training diverged or the file is damaged"
                .formatted(tensor, floats[i], at + i));
      }
    }
  }
}
