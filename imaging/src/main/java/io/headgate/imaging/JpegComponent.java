package io.headgate.imaging;

import java.util.Arrays;

/** One component of a JPEG frame and its coefficients. */
final class JpegComponent {
  static final int BLOCK = 8;
  static final int BLOCK_SIZE = BLOCK * BLOCK;

  final int id;

  /** Sampling factors. */
  final int h;

  final int v;

  /** Which quantization table. */
  final int tableIndex;

  /** Samples that are in the picture. */
  int width;

  int height;

  /** Blocks that are in the picture. */
  int blocksAcross;

  int blocksDown;

  /** Blocks that are stored: whole MCUs. */
  int stride;

  /** {@code [blocks down, stride, 64]}, in natural order. */
  short[] coefficients;

  /** Steps in natural order, as they were when the component's first scan began. */
  int[] quantization;

  /** Precision of each coefficient so far: bits still missing, −1 if it was never sent. */
  final int[] missingBits = new int[BLOCK_SIZE];

  int lastDc;

  JpegComponent(int id, int h, int v, int tableIndex) {
    this.id = id;
    this.h = h;
    this.v = v;
    this.tableIndex = tableIndex;
    Arrays.fill(missingBits, -1);
  }
}
