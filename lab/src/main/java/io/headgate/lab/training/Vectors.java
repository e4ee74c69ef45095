package io.headgate.lab.training;

/** Means and dot products of embeddings. */
final class Vectors {
  private Vectors() {}

  /** The mean of the rows, made unit norm. */
  static float[] unitMean(float[][] rows) {
    double[] sum = new double[rows[0].length];
    for (float[] row : rows) {
      for (int i = 0; i < sum.length; i++) {
        sum[i] += row[i];
      }
    }
    double norm = 0;
    for (double s : sum) {
      norm += s * s;
    }
    norm = Math.sqrt(norm);
    float[] out = new float[sum.length];
    for (int i = 0; i < sum.length; i++) {
      out[i] = (float) (sum[i] / norm);
    }
    return out;
  }

  /** Index of the row with the greatest dot product; the first of equals. */
  static int nearest(float[][] rows, float[] x) {
    int best = 0;
    double bestDot = Double.NEGATIVE_INFINITY;
    for (int k = 0; k < rows.length; k++) {
      double dot = 0;
      for (int i = 0; i < x.length; i++) {
        dot += (double) rows[k][i] * x[i];
      }
      if (dot > bestDot) {
        bestDot = dot;
        best = k;
      }
    }
    return best;
  }
}
