package io.headgate.detection;

import java.util.Arrays;

/**
 * How much more suspicious than others clean images of a class look to a detector, on the normal
 * scale. A backdoor has changed what its target class is made of, so clean images of that class
 * stand out as well; taking the offset off keeps them from being flagged for it, while triggered
 * images, which stand out far more, still are.
 */
final class ClassOffsets {
  /** Few images say little about their class: as if an ordinary one were among them. */
  private static final double PSEUDO_COUNT = 1;

  /** Poison among the images of a class must not excuse its like. */
  private static final double MOST = 2.5;

  private ClassOffsets() {}

  /**
   * @param ranks of clean images on the normal scale
   * @param predicted class of each
   * @param classes C
   * @return {@code [C]}, each at least 0
   */
  static float[] fit(double[] ranks, int[] predicted, int classes) {
    float[] offsets = new float[classes];
    for (int c = 0; c < classes; c++) {
      double[] own = new double[ranks.length];
      int n = 0;
      for (int i = 0; i < ranks.length; i++) {
        if (predicted[i] == c) {
          own[n++] = ranks[i];
        }
      }
      if (n > 0) {
        Arrays.sort(own, 0, n);
        double median = (own[(n - 1) / 2] + own[n / 2]) / 2;
        offsets[c] = (float) Math.max(0, Math.min(MOST, median * n / (n + PSEUDO_COUNT)));
      }
    }
    return offsets;
  }

  /** Of a class; 0 where there are no classes. */
  static double of(float[] offsets, int predicted) {
    return predicted < 0 || predicted >= offsets.length ? 0 : offsets[predicted];
  }
}
