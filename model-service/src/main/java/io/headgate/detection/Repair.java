package io.headgate.detection;

import io.headgate.decomposition.Decomposition;
import io.headgate.decomposition.ModelShape;

/** What a repair does to an image's parts. */
public final class Repair {
  private Repair() {}

  /**
   * The image with other parts. Its embedding is the old one plus what the parts changed by (so
   * that rounding of the untouched parts does not matter), not made unit norm: {@link #unit} does
   * that.
   */
  static Decomposition replaced(Decomposition image, float[] heads, float[] mlps) {
    ModelShape shape = image.shape();
    int d = shape.embedding();
    float[] embedding = new float[d];
    for (int i = 0; i < d; i++) {
      double change = 0;
      if (heads != image.heads()) {
        for (int k = i; k < heads.length; k += d) {
          change += (double) heads[k] - image.heads()[k];
        }
      }
      if (mlps != image.mlps()) {
        for (int k = i; k < mlps.length; k += d) {
          change += (double) mlps[k] - image.mlps()[k];
        }
      }
      embedding[i] = (float) (image.embedding()[i] + change);
    }
    return new Decomposition(
        shape, embedding, heads, mlps, image.norm(), image.sigma(), image.lastLayerTokens());
  }

  /** The parts and the embedding scaled so that the embedding has unit norm. */
  public static Decomposition unit(Decomposition image) {
    double squares = 0;
    for (float x : image.embedding()) {
      squares += (double) x * x;
    }
    double norm = Math.sqrt(squares);
    if (!(norm > 0)) {
      return image;
    }
    return new Decomposition(
        image.shape(),
        scaled(image.embedding(), norm),
        scaled(image.heads(), norm),
        scaled(image.mlps(), norm),
        (float) (image.norm() * norm),
        image.sigma(),
        image.lastLayerTokens());
  }

  /** The image with the given components' parts replaced by their clean means. */
  public static Decomposition attribution(
      Decomposition image, Reference reference, int[] components) {
    int d = image.shape().embedding();
    float[] heads = image.heads().clone();
    float[] mlps = image.mlps().clone();
    for (int k : components) {
      int at = k * d;
      if (at < heads.length) {
        System.arraycopy(reference.means(), at, heads, at, d);
      } else {
        System.arraycopy(reference.means(), at, mlps, at - heads.length, d);
      }
    }
    return replaced(image, heads, mlps);
  }

  private static float[] scaled(float[] v, double norm) {
    float[] scaled = new float[v.length];
    for (int i = 0; i < v.length; i++) {
      scaled[i] = (float) (v[i] / norm);
    }
    return scaled;
  }
}
