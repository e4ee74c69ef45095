package io.headgate.detection;

import java.util.List;
import java.util.function.Function;

/** Location and scale that a few poisoned images cannot move: median and 1.4826 · MAD. */
final class Robust {
  /** Makes the median absolute deviation of a Gaussian its standard deviation. */
  static final double MAD_TO_SD = 1.4826;

  /** Columns looked at in one pass over the rows. */
  private static final int BLOCK = 16;

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
    float[] a = values.clone();
    double at = p * (a.length - 1);
    int low = (int) Math.floor(at);
    float below = select(a, low);
    float above = below;
    if (low + 1 < a.length) { // the next larger one is among those that selecting left behind it
      above = a[low + 1];
      for (int i = low + 2; i < a.length; i++) {
        above = Math.min(above, a[i]);
      }
    }
    return (float) (below + (at - low) * (above - below));
  }

  /** The k-th smallest, from 0, with no larger one before it and no smaller one behind (Hoare). */
  private static float select(float[] a, int k) {
    int from = 0;
    int to = a.length - 1;
    while (from < to) {
      float pivot = a[(from + to) >>> 1];
      int i = from;
      int j = to;
      while (i <= j) {
        while (a[i] < pivot) {
          i++;
        }
        while (a[j] > pivot) {
          j--;
        }
        if (i <= j) {
          float swapped = a[i];
          a[i++] = a[j];
          a[j--] = swapped;
        }
      }
      if (k <= j) {
        to = j;
      } else if (k >= i) {
        from = i;
      } else {
        break;
      }
    }
    return a[k];
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
    float[][] some = new float[BLOCK][rows.size()];
    for (int from = 0; from < columns; from += BLOCK) {
      int count = Math.min(BLOCK, columns - from);
      for (int i = 0; i < rows.size(); i++) {
        float[] values = row.apply(rows.get(i));
        for (int k = 0; k < count; k++) {
          some[k][i] = values[from + k];
        }
      }
      for (int k = 0; k < count; k++) {
        fitted[0][from + k] = median(some[k]);
        fitted[1][from + k] = scale(some[k], fitted[0][from + k]);
      }
    }
    return fitted;
  }
}
