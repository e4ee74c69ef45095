package io.headgate.detection;

import java.util.Arrays;
import java.util.List;
import java.util.function.Function;

/** Location and scale that a few poisoned images cannot move: median and 1.4826 · MAD. */
final class Robust {
  /** Makes the median absolute deviation of a Gaussian its standard deviation. */
  static final double MAD_TO_SD = 1.4826;

  private Robust() {}

  /** The middle of the finite values; 0 of none. */
  static float median(float[] values) {
    return quantile(values, 0.5);
  }

  /** 1.4826 · median |x − median|, never below a rounding error of the values. */
  static float scale(float[] values, float median) {
    float[] distances = new float[values.length];
    float largest = 0;
    for (int i = 0; i < values.length; i++) {
      distances[i] = Math.abs(values[i] - median);
      largest = Math.max(largest, Math.abs(values[i]));
    }
    return (float) Math.max(MAD_TO_SD * median(distances), Math.max(1e-6 * largest, 1e-12));
  }

  /** The p-quantile, linear between order statistics (type 7 of Hyndman and Fan 1996). */
  static float quantile(float[] values, double p) {
    if (values.length == 0) {
      return 0;
    }
    float[] sorted = values.clone();
    Arrays.sort(sorted);
    return quantileOfSorted(sorted, p);
  }

  static float quantileOfSorted(float[] sorted, double p) {
    double at = p * (sorted.length - 1);
    int low = (int) Math.floor(at);
    int high = Math.min(low + 1, sorted.length - 1);
    return (float) (sorted[low] + (at - low) * (sorted[high] - sorted[low]));
  }

  /** Medians and scales of the columns of {@code rows}: {@code [2][columns]}. */
  static <T> float[][] columns(List<T> rows, Function<T, float[]> row) {
    int columns = row.apply(rows.get(0)).length;
    float[][] fitted = new float[2][columns];
    float[] column = new float[rows.size()];
    for (int k = 0; k < columns; k++) {
      for (int i = 0; i < column.length; i++) {
        column[i] = row.apply(rows.get(i))[k];
      }
      fitted[0][k] = median(column);
      fitted[1][k] = scale(column, fitted[0][k]);
    }
    return fitted;
  }
}
