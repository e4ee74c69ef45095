package io.headgate.detection;

import java.util.List;

/**
 * Mahalanobis distance with the covariance shrunk towards a multiple of the identity by the amount
 * that minimises the expected squared error (Ledoit and Wolf 2004, <i>A well-conditioned estimator
 * for large-dimensional covariance matrices</i>).
 */
final class Whitening {
  private Whitening() {}

  /**
   * @param rows {@code [n][p]}, n ≥ 1
   * @return lower-triangular A, {@code [p, p]} row-major, with ‖A·x‖² = xᵀ Σ⁻¹ x; the rows' mean is
   *     taken to be zero
   */
  static float[] fit(List<float[]> rows) {
    int p = rows.get(0).length;
    double[] covariance = shrunk(rows, p);
    return inverseCholesky(covariance, p);
  }

  /** The Ledoit–Wolf estimate of the covariance of centred rows, {@code [p, p]}. */
  static double[] shrunk(List<float[]> rows, int p) {
    int n = rows.size();
    double[] s = new double[p * p];
    double fourth = 0; // Σ_i ‖x_i‖⁴
    for (float[] x : rows) {
      double norm = 0;
      for (int a = 0; a < p; a++) {
        double xa = x[a];
        norm += xa * xa;
        for (int b = 0; b <= a; b++) {
          s[a * p + b] += xa * x[b];
        }
      }
      fourth += norm * norm;
    }
    double trace = 0;
    double squares = 0;
    for (int a = 0; a < p; a++) {
      for (int b = 0; b <= a; b++) {
        double v = s[a * p + b] / n;
        s[a * p + b] = v;
        s[b * p + a] = v;
        squares += a == b ? v * v : 2 * v * v;
      }
      trace += s[a * p + a];
    }
    double mean = trace / p;
    double distance = squares - p * mean * mean; // ‖S − μI‖²
    double error = Math.max(0, (fourth / n - squares) / n); // E‖x xᵀ − S‖² / n
    double shrinkage = distance > 0 ? Math.min(1, error / distance) : 1;
    double floor = Math.max(mean * 1e-6, 1e-12);
    for (int a = 0; a < p; a++) {
      for (int b = 0; b < p; b++) {
        s[a * p + b] *= 1 - shrinkage;
      }
      s[a * p + a] += shrinkage * mean + floor;
    }
    return s;
  }

  /** L⁻¹ of a positive definite matrix's Cholesky factor L. */
  private static float[] inverseCholesky(double[] m, int p) {
    double[] l = new double[p * p];
    for (int i = 0; i < p; i++) {
      for (int j = 0; j <= i; j++) {
        double sum = m[i * p + j];
        for (int k = 0; k < j; k++) {
          sum -= l[i * p + k] * l[j * p + k];
        }
        l[i * p + j] = i == j ? Math.sqrt(Math.max(sum, 1e-18)) : sum / l[j * p + j];
      }
    }
    double[] inverse = new double[p * p];
    for (int j = 0; j < p; j++) {
      inverse[j * p + j] = 1 / l[j * p + j];
      for (int i = j + 1; i < p; i++) {
        double sum = 0;
        for (int k = j; k < i; k++) {
          sum -= l[i * p + k] * inverse[k * p + j];
        }
        inverse[i * p + j] = sum / l[i * p + i];
      }
    }
    float[] a = new float[p * p];
    for (int i = 0; i < a.length; i++) {
      a[i] = (float) inverse[i];
    }
    return a;
  }

  /** ‖A·x‖². */
  static double squaredDistance(float[] a, float[] x) {
    int p = x.length;
    double sum = 0;
    for (int i = 0; i < p; i++) {
      float y = Vectors.dot(a, i * p, x, 0, i + 1);
      sum += (double) y * y;
    }
    return sum;
  }
}
