package io.headgate.weights;

import java.nio.BufferOverflowException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;

/**
 * A named tensor of a file: nothing is on the heap until it is read, and then only what is asked
 * for. Elements come in row-major order, whatever the order in the file. Immutable; safe for
 * concurrent use until its file is closed, after which reading throws {@link
 * IllegalStateException}.
 */
public final class WeightTensor {
  private static final int CHUNK_ELEMENTS = 8192;

  private final String name;
  private final DType dtype;
  private final long[] shape;
  private final List<StridedView> parts;

  /** Parts follow each other along the first axis. */
  private WeightTensor(String name, DType dtype, long[] shape, List<StridedView> parts) {
    this.name = name;
    this.dtype = dtype;
    this.shape = shape;
    this.parts = parts;
  }

  static WeightTensor of(String name, StridedView view) {
    return new WeightTensor(name, view.dtype(), view.shape(), List.of(view));
  }

  /** Name of the tensor: canonical if it comes from {@link Weights}, else as in the file. */
  public String name() {
    return name;
  }

  /** Type of the stored elements. */
  public DType dtype() {
    return dtype;
  }

  /** A copy of the sizes; empty for a scalar. */
  public long[] shape() {
    return shape.clone();
  }

  /** Number of elements; 1 for a scalar. */
  public long elements() {
    long n = 1;
    for (long s : shape) {
      n *= s;
    }
    return n;
  }

  WeightTensor renamed(String to) {
    return new WeightTensor(to, dtype, shape, parts);
  }

  WeightTensor scalar() {
    StridedView one = parts.get(0);
    return of(name, new StridedView(one.file(), one.position(), dtype, new long[0], new long[0]));
  }

  WeightTensor transposed() {
    return of(name, parts.get(0).transposed());
  }

  /** Joins along the first axis; the caller has checked that types and other sizes agree. */
  static WeightTensor concatenated(String name, List<WeightTensor> tensors) {
    long[] shape = tensors.get(0).shape();
    shape[0] = tensors.stream().mapToLong(t -> t.shape[0]).sum();
    return new WeightTensor(
        name,
        tensors.get(0).dtype,
        shape,
        tensors.stream().flatMap(t -> t.parts.stream()).toList());
  }

  /**
   * Fills the array with the elements from {@code offset} on, converted to float.
   *
   * @throws IndexOutOfBoundsException if there are fewer elements than that
   */
  public void readFloats(long offset, float[] into) {
    readFloats(offset, FloatBuffer.wrap(into));
  }

  /**
   * Fills what remains of the buffer with the elements from {@code offset} on, converted to float.
   *
   * @throws IndexOutOfBoundsException if there are fewer elements than that
   */
  public void readFloats(long offset, FloatBuffer into) {
    Objects.checkFromIndexSize(offset, into.remaining(), elements());
    ByteBuffer chunk = chunk(into.remaining());
    float[] floats = new float[chunk.capacity() / dtype.bytes()];
    while (into.hasRemaining()) {
      int n = Math.min(floats.length, into.remaining());
      copy(offset, n, chunk);
      Decode.floats(dtype, chunk, n, floats);
      into.put(floats, 0, n);
      offset += n;
    }
  }

  /**
   * All elements, converted to float.
   *
   * @throws IllegalStateException if they do not fit into one array
   */
  public float[] toFloats() {
    float[] floats = new float[arrayLength(elements())];
    readFloats(0, floats);
    return floats;
  }

  /**
   * All elements of an integer type, U8 as 0..255.
   *
   * @throws IllegalStateException if the type is a floating one or they do not fit into one array
   */
  public long[] toLongs() {
    if (dtype.floating()) {
      throw new IllegalStateException(
          "tensor %s: %s (expected: an integer type)".formatted(name, dtype));
    }
    long[] longs = new long[arrayLength(elements())];
    ByteBuffer chunk = chunk(longs.length);
    int step = chunk.capacity() / dtype.bytes();
    for (int at = 0; at < longs.length; at += step) {
      int n = Math.min(step, longs.length - at);
      copy(at, n, chunk);
      Decode.longs(dtype, chunk, n, longs, at);
    }
    return longs;
  }

  /**
   * All elements as stored: row-major, little-endian.
   *
   * @throws IllegalStateException if they do not fit into one array
   */
  public byte[] toBytes() {
    byte[] bytes = new byte[arrayLength(elements() * dtype.bytes())];
    copy(0, bytes.length / dtype.bytes(), ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN));
    return bytes;
  }

  /**
   * Puts elements as stored (row-major, little-endian) into the buffer, as many whole ones as it
   * has room for or as there are.
   *
   * @param offset of the first element
   * @return how many elements were put
   */
  public long readBytes(long offset, ByteBuffer into) {
    Objects.checkIndex(offset, elements() + 1);
    long wanted = Math.min(elements() - offset, into.remaining() / dtype.bytes());
    ByteBuffer chunk = chunk(wanted);
    int step = chunk.capacity() / dtype.bytes();
    for (long done = 0; done < wanted; ) {
      int n = (int) Math.min(step, wanted - done);
      copy(offset + done, n, chunk);
      into.put(chunk.array(), 0, n * dtype.bytes());
      done += n;
    }
    return wanted;
  }

  private ByteBuffer chunk(long elements) {
    int n = (int) Math.max(1, Math.min(CHUNK_ELEMENTS, elements));
    return ByteBuffer.allocate(n * dtype.bytes()).order(ByteOrder.LITTLE_ENDIAN);
  }

  /** Copies elements to the start of the chunk. */
  private void copy(long first, int count, ByteBuffer chunk) {
    int at = 0;
    for (StridedView part : parts) {
      long size = part.elements();
      if (first < size && count > 0) {
        int n = (int) Math.min(count, size - first);
        part.copy(first, n, chunk, at);
        at += n * dtype.bytes();
        count -= n;
        first = 0;
      } else {
        first -= size;
      }
    }
    if (count > 0) {
      throw new BufferOverflowException();
    }
  }

  private int arrayLength(long n) {
    if (n > Integer.MAX_VALUE - 8) {
      throw new IllegalStateException(
          "tensor %s: %,d elements (expected: at most %,d to be read at once)"
              .formatted(name, n, Integer.MAX_VALUE - 8));
    }
    return (int) n;
  }

  @Override
  public String toString() {
    return name + " " + dtype + " " + Arrays.toString(shape);
  }
}
