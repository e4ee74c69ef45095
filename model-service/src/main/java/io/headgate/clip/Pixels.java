package io.headgate.clip;

import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.engine.PtNDManager;
import io.headgate.imaging.RgbImage;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;

/**
 * Direct buffers that carry pixels into tensors without a copy in between. They are reused: a
 * direct buffer is freed by the garbage collector only, which native memory does not wake. Safe for
 * concurrent callers; as many buffers live as there were concurrent calls.
 */
final class Pixels {
  private final int side;
  private final int maxBatch;
  private final Queue<ByteBuffer> free = new ConcurrentLinkedQueue<>();

  Pixels(int side, int maxBatch) {
    this.side = side;
    this.maxBatch = maxBatch;
  }

  /** What is computed from a tensor of pixels; the tensor is void afterwards. */
  interface Use<T> {
    T apply(NDManager scope, PtNDArray pixels);
  }

  /** Bytes, {@code [B,S,S,3]}. */
  <T> T bytes(NDManager owner, List<RgbImage> images, Use<T> use) {
    ByteBuffer buffer = take();
    try (NDManager scope = owner.newSubManager()) {
      images.forEach(image -> buffer.put(image.rgb()));
      buffer.flip();
      Shape shape = new Shape(images.size(), side, side, RgbImage.CHANNELS);
      return use.apply(scope, ((PtNDManager) scope).create(buffer, shape, DataType.UINT8));
    } finally {
      free.add(buffer);
    }
  }

  /** Pixel values already normalised, {@code [B,3,S,S]}: {@code count} images of {@code values}. */
  <T> T values(NDManager owner, float[] values, int from, int count, Use<T> use) {
    int size = RgbImage.CHANNELS * side * side;
    ByteBuffer buffer =
        ByteBuffer.allocateDirect(count * size * Float.BYTES).order(ByteOrder.nativeOrder());
    buffer.asFloatBuffer().put(values, from * size, count * size);
    try (NDManager scope = owner.newSubManager()) {
      Shape shape = new Shape(count, RgbImage.CHANNELS, side, side);
      return use.apply(scope, ((PtNDManager) scope).create(buffer, shape, DataType.FLOAT32));
    }
  }

  private ByteBuffer take() {
    ByteBuffer buffer = free.poll();
    return buffer == null
        ? ByteBuffer.allocateDirect(maxBatch * side * side * RgbImage.CHANNELS)
            .order(ByteOrder.nativeOrder())
        : buffer.clear();
  }
}
