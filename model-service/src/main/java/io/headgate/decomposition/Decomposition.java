package io.headgate.decomposition;

import java.util.Arrays;

/**
 * One image's CLIP embedding, taken apart (Gandelsman et al. 2024; method.md §1).
 *
 * <p><b>The law:</b> the sum of all {@code heads} and all {@code mlps} is the {@code embedding}, to
 * float32 rounding. Both carry the 1/‖f‖ scale.
 *
 * <p>Arrays are handed over, not copied (320 kB for ViT-B/32), and read-only by contract.
 *
 * @param shape sizes of the model
 * @param embedding {@code [D]}, unit norm
 * @param heads {@code [L, H, D]} row-major
 * @param mlps {@code [L+1, D]} row-major; index 0 is the class token's own row x⁰_cls
 * @param norm ‖f‖, of the projected embedding before it was made unit norm
 * @param sigma √(var + eps) of the class-token row inside LN_post
 * @param lastLayerTokens {@code [N]}: what each token contributed through all heads of the last
 *     attention layer along the direction of the predicted class (or, without classes, of the
 *     embedding itself), without its share of b_O, μ and β
 */
public record Decomposition(
    ModelShape shape,
    float[] embedding,
    float[] heads,
    float[] mlps,
    float norm,
    float sigma,
    float[] lastLayerTokens) {
  /**
   * @throws IllegalArgumentException if an array's length does not fit the shape
   */
  public Decomposition {
    int d = shape.embedding();
    check("embedding", embedding.length, d);
    check("heads", heads.length, shape.layers() * shape.heads() * d);
    check("mlps", mlps.length, (shape.layers() + 1) * d);
    check("lastLayerTokens", lastLayerTokens.length, shape.tokens());
  }

  private static void check(String name, int length, int expected) {
    if (length != expected) {
      throw new IllegalArgumentException(
          "%s: %d numbers (expected: %d)".formatted(name, length, expected));
    }
  }

  /** Offset in {@link #heads} of the part of one head. */
  public int headOffset(int layer, int head) {
    return (layer * shape.heads() + head) * shape.embedding();
  }

  /** max |Σ parts − embedding|: how far rounding has moved the law; NaN if a number is NaN. */
  public double residual() {
    int d = shape.embedding();
    double worst = 0;
    for (int i = 0; i < d; i++) {
      double sum = 0;
      for (int k = i; k < heads.length; k += d) {
        sum += heads[k];
      }
      for (int k = i; k < mlps.length; k += d) {
        sum += mlps[k];
      }
      double distance = Math.abs(sum - embedding[i]);
      if (Double.isNaN(distance)) {
        return Double.NaN;
      }
      worst = Math.max(worst, distance);
    }
    return worst;
  }

  @Override
  public boolean equals(Object o) {
    return o instanceof Decomposition other
        && shape.equals(other.shape)
        && norm == other.norm
        && sigma == other.sigma
        && Arrays.equals(embedding, other.embedding)
        && Arrays.equals(heads, other.heads)
        && Arrays.equals(mlps, other.mlps)
        && Arrays.equals(lastLayerTokens, other.lastLayerTokens);
  }

  @Override
  public int hashCode() {
    return Arrays.hashCode(embedding);
  }

  @Override
  public String toString() {
    return "Decomposition[%s, norm=%s, sigma=%s]".formatted(shape, norm, sigma);
  }
}
