package io.headgate.lab.report;

import io.headgate.decomposition.Decomposition;
import io.headgate.decomposition.ModelShape;

/**
 * Maximum mean discrepancy between the parts of clean and of triggered pictures: Gaussian kernel
 * with σ = 10, times 1000, as in the paper (method.md §4).
 */
final class MeanDiscrepancy {
  private static final double SIGMA = 10;
  private static final double SCALE = 1000;
  private static final int LIMIT = 200;

  private MeanDiscrepancy() {}

  /**
   * @return {@code [K]}: heads, then MLPs
   */
  static double[] perComponent(ModelShape shape, Sample clean, Sample triggered) {
    int d = shape.embedding();
    int heads = shape.layers() * shape.heads();
    double[] out = new double[shape.components()];
    for (int k = 0; k < out.length; k++) {
      int at = k < heads ? k * d : (k - heads) * d;
      boolean head = k < heads;
      out[k] =
          of(
              rows(clean, p -> slice(head ? p.heads() : p.mlps(), at, d)),
              rows(triggered, p -> slice(head ? p.heads() : p.mlps(), at, d)));
    }
    return out;
  }

  /**
   * @return {@code [L]}: the sum of a layer's heads
   */
  static double[] perAttentionLayer(ModelShape shape, Sample clean, Sample triggered) {
    double[] out = new double[shape.layers()];
    for (int l = 0; l < out.length; l++) {
      int layer = l;
      out[l] =
          of(
              rows(clean, p -> layerSum(shape, p, layer)),
              rows(triggered, p -> layerSum(shape, p, layer)));
    }
    return out;
  }

  private static float[] layerSum(ModelShape shape, Decomposition p, int layer) {
    int d = shape.embedding();
    float[] sum = new float[d];
    for (int h = 0; h < shape.heads(); h++) {
      int at = p.headOffset(layer, h);
      for (int i = 0; i < d; i++) {
        sum[i] += p.heads()[at + i];
      }
    }
    return sum;
  }

  private interface Part {
    float[] of(Decomposition parts);
  }

  private static float[][] rows(Sample sample, Part part) {
    return sample.parts().stream().limit(LIMIT).map(part::of).toArray(float[][]::new);
  }

  private static float[] slice(float[] all, int at, int d) {
    float[] out = new float[d];
    System.arraycopy(all, at, out, 0, d);
    return out;
  }

  /** The biased estimate of MMD², which is never negative, times 1000. */
  static double of(float[][] x, float[][] y) {
    return SCALE * (mean(x, x) + mean(y, y) - 2 * mean(x, y));
  }

  private static double mean(float[][] x, float[][] y) {
    double sum = 0;
    for (float[] a : x) {
      for (float[] b : y) {
        double distance = 0;
        for (int i = 0; i < a.length; i++) {
          double c = a[i] - b[i];
          distance += c * c;
        }
        // exp(−d/2σ²) − 1, so that the tiny differences are not lost in the ones
        sum += Math.expm1(-distance / (2 * SIGMA * SIGMA));
      }
    }
    return sum / ((double) x.length * y.length);
  }
}
