package io.headgate.detection;

import java.util.Arrays;

/**
 * Whether recent scores could come from the clean images that a detector was calibrated on: the
 * two-sample test of Kolmogorov and Smirnov.
 *
 * @param detector name of the detector
 * @param distance largest distance of the two distribution functions, in [0, 1]
 * @param pValue probability of such a distance or a larger one if nothing has changed
 */
public record Drift(String detector, double distance, double pValue) {
  private static final int TERMS = 100;

  /**
   * @param recent finite scores of recent images, at least one
   */
  public static Drift of(FittedDetectors.Fitted fitted, double[] recent) {
    return of(fitted.name(), fitted.knots(), fitted.tail()[0], recent);
  }

  /**
   * @param clean scores of clean images in order, or as many of their quantiles
   * @param cleanCount number of clean images
   */
  static Drift of(String detector, float[] clean, double cleanCount, double[] recent) {
    double[] sorted = recent.clone();
    Arrays.sort(sorted);
    double distance = 0;
    int i = 0;
    int j = 0;
    while (i < clean.length && j < sorted.length) {
      float at = (float) Math.min(clean[i], sorted[j]);
      while (i < clean.length && clean[i] <= at) {
        i++;
      }
      while (j < sorted.length && (float) sorted[j] <= at) {
        j++;
      }
      distance =
          Math.max(distance, Math.abs((double) i / clean.length - (double) j / sorted.length));
    }
    double n = cleanCount * sorted.length / (cleanCount + sorted.length);
    return new Drift(
        detector, distance, tail((Math.sqrt(n) + 0.12 + 0.11 / Math.sqrt(n)) * distance));
  }

  /** Kolmogorov's distribution, upper tail (Stephens 1970 for small samples). */
  private static double tail(double lambda) {
    if (lambda < 0.2) {
      return 1; // the series does not converge there; exact to 12 digits
    }
    double sum = 0;
    for (int k = 1; k <= TERMS; k++) {
      sum += (k % 2 == 1 ? 2 : -2) * Math.exp(-2.0 * k * k * lambda * lambda);
    }
    return Math.max(0, Math.min(1, sum));
  }
}
