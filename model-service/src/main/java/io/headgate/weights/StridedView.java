package io.headgate.weights;

import java.nio.ByteBuffer;

/**
 * Elements of a mapped file seen through a shape and strides; whoever makes one has checked that
 * all of it lies in the file.
 *
 * @param file where the bytes are
 * @param position of the first element, in bytes
 * @param dtype of an element
 * @param shape each size at least 0
 * @param strides in elements, as many as sizes, none negative
 */
record StridedView(MappedFile file, long position, DType dtype, long[] shape, long[] strides) {

  static StridedView rowMajor(MappedFile file, long position, DType dtype, long[] shape) {
    return new StridedView(file, position, dtype, shape, rowMajorStrides(shape));
  }

  static long[] rowMajorStrides(long[] shape) {
    long[] strides = new long[shape.length];
    long stride = 1;
    for (int i = shape.length - 1; i >= 0; i--) {
      strides[i] = stride;
      stride *= Math.max(1, shape[i]);
    }
    return strides;
  }

  long elements() {
    long n = 1;
    for (long s : shape) {
      n *= s;
    }
    return n;
  }

  /** The transpose of a matrix. */
  StridedView transposed() {
    return new StridedView(
        file,
        position,
        dtype,
        new long[] {shape[1], shape[0]},
        new long[] {strides[1], strides[0]});
  }

  private boolean contiguous() {
    long expected = 1;
    for (int i = shape.length - 1; i >= 0; i--) {
      if (shape[i] != 1 && strides[i] != expected) {
        return false;
      }
      expected *= shape[i];
    }
    return true;
  }

  /** Copies {@code count} elements from row-major index {@code first} on, from {@code at} on. */
  void copy(long first, int count, ByteBuffer into, int at) {
    int bytes = dtype.bytes();
    if (contiguous()) {
      file.read(position + first * bytes, into.array(), into.arrayOffset() + at, count * bytes);
      return;
    }
    int last = shape.length - 1;
    long row = first / shape[last];
    long column = first % shape[last];
    while (count > 0) {
      int run = (int) Math.min(count, shape[last] - column);
      long start = column * strides[last];
      long rest = row;
      for (int i = last - 1; i >= 0; i--) {
        start += rest % shape[i] * strides[i];
        rest /= shape[i];
      }
      file.gather(position + start * bytes, strides[last] * bytes, bytes, run, into, at);
      at += run * bytes;
      count -= run;
      column = 0;
      row++;
    }
  }
}
