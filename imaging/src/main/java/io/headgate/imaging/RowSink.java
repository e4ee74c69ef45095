package io.headgate.imaging;

/** Takes a picture row by row, top to bottom, so that no decoder need hold all of it. */
interface RowSink {
  /** First column that is looked at. */
  int firstColumn();

  /** One past the last column that is looked at. */
  int endColumn();

  /** Whether row {@code y} is looked at. */
  boolean wants(int y);

  /**
   * @param y rows come in ascending order; unwanted ones may be left out
   * @param pixels interleaved RGB, not kept
   * @param offset of column 0's red byte
   */
  void row(int y, byte[] pixels, int offset);
}
