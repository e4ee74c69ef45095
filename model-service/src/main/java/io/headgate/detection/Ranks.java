package io.headgate.detection;

import java.util.Arrays;

/**
 * Makes a score comparable with other detectors' scores: its rank among clean images, as a quantile
 * of the standard normal distribution. Beyond the largest clean score the tail is taken to be
 * exponential with the mean excess of the top 2 %, so that very suspicious images stay ordered.
 */
final class Ranks {
  /** Clean scores are thinned to this many; the top eighth is kept dense. */
  static final int MAX_KNOTS = 2048;

  private static final double TAIL = 0.02;
  private static final int MIN_TAIL = 5;
  private static final double CAP = 12;

  private final float[] sorted;
  private final int count;
  private final double meanExcess;

  private Ranks(float[] sorted, int count, double meanExcess) {
    this.sorted = sorted;
    this.count = count;
    this.meanExcess = meanExcess;
  }

  /**
   * @param scores of clean images, at least one
   */
  static Ranks of(float[] scores) {
    float[] sorted = scores.clone();
    Arrays.sort(sorted);
    int n = sorted.length;
    int k = Math.min(n - 1, Math.max((int) (TAIL * n), MIN_TAIL));
    double excess = 0;
    for (int i = n - k; i < n; i++) {
      excess += sorted[i] - sorted[Math.max(n - k - 1, 0)];
    }
    double mean = k == 0 ? 0 : excess / k;
    return new Ranks(thin(sorted), n, Math.max(mean, 1e-9));
  }

  /** Rebuilds what {@link #numbers()} stored. */
  static Ranks of(float[] knots, float[] tail) {
    return new Ranks(knots, (int) tail[0], tail[1]);
  }

  private static float[] thin(float[] sorted) {
    if (sorted.length <= MAX_KNOTS) {
      return sorted;
    }
    float[] knots = new float[MAX_KNOTS];
    for (int i = 0; i < MAX_KNOTS; i++) {
      knots[i] = Robust.quantileOfSorted(sorted, i / (MAX_KNOTS - 1.0));
    }
    return knots;
  }

  /** The clean scores in order, thinned. */
  float[] knots() {
    return sorted;
  }

  /** Number of clean scores and their mean excess in the upper tail. */
  float[] tail() {
    return new float[] {count, (float) meanExcess};
  }

  /** The score on the normal scale: 0 for the clean median, about 2.3 for the 99th percentile. */
  double gaussian(double score) {
    if (Double.isNaN(score)) {
      return CAP;
    }
    int n = sorted.length;
    float largest = sorted[n - 1];
    double edge = 0.5 / (count + 1);
    if (score > largest) {
      double p = edge * Math.exp(-Math.min((score - largest) / meanExcess, 600));
      return Math.min(CAP, Normal.upperQuantile(Math.max(p, 1e-300)));
    }
    int below = lowerBound(score);
    int until = below;
    while (until < n && sorted[until] == (float) score) {
      until++;
    }
    double rank = (below + until) / 2.0; // the middle of ties
    if (until == below && below > 0 && below < n) {
      double gap = sorted[below] - sorted[below - 1];
      rank = below - 0.5 + (gap > 0 ? (score - sorted[below - 1]) / gap : 0.5);
    }
    double u = Math.min(1 - edge, Math.max(edge, (rank + 0.5) / (n + 1)));
    return Math.max(-CAP, Normal.quantile(u));
  }

  /** The index of the first knot that is not below the score. */
  private int lowerBound(double score) {
    int low = 0;
    int high = sorted.length;
    while (low < high) {
      int middle = (low + high) >>> 1;
      if (sorted[middle] < score) {
        low = middle + 1;
      } else {
        high = middle;
      }
    }
    return low;
  }
}
