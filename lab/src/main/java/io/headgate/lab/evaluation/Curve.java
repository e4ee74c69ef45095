package io.headgate.lab.evaluation;

import java.util.Arrays;

/**
 * How well a score separates triggered from clean pictures. Larger scores are more suspicious; NaN
 * counts as the largest.
 */
public final class Curve {
  private final double[] clean;
  private final double[] triggered;

  /**
   * @param clean scores, at least one
   * @param triggered scores, at least one
   */
  public Curve(double[] clean, double[] triggered) {
    if (clean.length == 0 || triggered.length == 0) {
      throw new IllegalArgumentException(
          "scores: %d clean, %d triggered (expected: at least one of each)"
              .formatted(clean.length, triggered.length));
    }
    this.clean = sorted(clean);
    this.triggered = sorted(triggered);
  }

  private static double[] sorted(double[] scores) {
    double[] copy = scores.clone();
    for (int i = 0; i < copy.length; i++) {
      copy[i] = Double.isNaN(copy[i]) ? Double.POSITIVE_INFINITY : copy[i] + 0.0;
    }
    Arrays.sort(copy);
    return copy;
  }

  /** P(triggered &gt; clean) + ½ P(equal): the area under the ROC curve. */
  public double auroc() {
    double sum = 0;
    int below = 0;
    int upTo = 0;
    for (double t : triggered) {
      while (below < clean.length && clean[below] < t) {
        below++;
      }
      upTo = Math.max(upTo, below);
      while (upTo < clean.length && clean[upTo] <= t) {
        upTo++;
      }
      sum += below + 0.5 * (upTo - below);
    }
    return sum / ((double) clean.length * triggered.length);
  }

  /**
   * Average precision if a share {@code prevalence} of all pictures were triggered: Σ ΔTPR ·
   * precision, over falling thresholds.
   */
  public double auprc(double prevalence) {
    double area = 0;
    double lastTpr = 0;
    int c = clean.length - 1;
    int t = triggered.length - 1;
    while (t >= 0) {
      double threshold = c >= 0 ? Math.max(clean[c], triggered[t]) : triggered[t];
      while (t >= 0 && triggered[t] >= threshold) {
        t--;
      }
      while (c >= 0 && clean[c] >= threshold) {
        c--;
      }
      double tpr = (triggered.length - 1.0 - t) / triggered.length;
      double fpr = (clean.length - 1.0 - c) / clean.length;
      if (tpr > lastTpr) {
        double hit = prevalence * tpr;
        area += (tpr - lastTpr) * hit / (hit + (1 - prevalence) * fpr);
        lastTpr = tpr;
      }
    }
    return area;
  }

  /**
   * The largest share of triggered pictures above a threshold that at most {@code fpr} of clean.
   */
  public double tprAt(double fpr) {
    int allowed = (int) Math.floor(fpr * clean.length + 1e-9);
    return above(
        triggered,
        allowed >= clean.length ? Double.NEGATIVE_INFINITY : clean[clean.length - 1 - allowed]);
  }

  /** Share of triggered pictures above a threshold. */
  public double tprAbove(double threshold) {
    return above(triggered, threshold);
  }

  /** Number of clean pictures above a threshold. */
  public int cleanAbove(double threshold) {
    return (int) Math.round(above(clean, threshold) * clean.length);
  }

  /** Number of clean pictures. */
  public int cleanCount() {
    return clean.length;
  }

  /**
   * The ROC curve, thinned.
   *
   * @return {@code [points][2]}: FPR, TPR, from (0, 0) to (1, 1)
   */
  public double[][] points(int points) {
    double[][] out = new double[points][];
    for (int i = 0; i < points; i++) {
      // denser near zero, where a guard works
      double fpr = Math.pow((double) i / (points - 1), 3);
      out[i] = new double[] {fpr, i == points - 1 ? 1 : tprAt(fpr)};
    }
    return out;
  }

  private static double above(double[] sorted, double threshold) {
    int count = 0;
    for (int i = sorted.length - 1; i >= 0 && sorted[i] > threshold; i--) {
      count++;
    }
    return (double) count / sorted.length;
  }
}
