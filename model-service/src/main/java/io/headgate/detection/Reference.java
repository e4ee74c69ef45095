package io.headgate.detection;

import io.headgate.decomposition.ModelShape;

/**
 * What clean images look like on average. Arrays are handed over and read-only by contract.
 *
 * @param shape sizes of the model
 * @param means {@code [K, D]}: clean mean of every component, heads first, then MLPs; the last
 *     layer's heads are the paper's prototypes (method.md §2)
 * @param embeddingMean {@code [D]}: clean mean of the embedding
 * @param classPrototypes {@code [C, L·H, D]}: clean mean of every head over the images predicted as
 *     each class, shrunk towards the mean over all; empty for a model without classes
 * @param tokenMeans {@code [L, H, N]}: clean mean of what each token contributes through each head
 *     along the predicted direction; empty if it was not measured
 */
public record Reference(
    ModelShape shape,
    float[] means,
    float[] embeddingMean,
    float[] classPrototypes,
    float[] tokenMeans) {
  /**
   * @throws IllegalArgumentException if an array's length does not fit the shape
   */
  public Reference {
    int d = shape.embedding();
    int heads = shape.layers() * shape.heads();
    check("means", means.length, shape.components() * d);
    check("embeddingMean", embeddingMean.length, d);
    if (classPrototypes.length % (heads * d) != 0) {
      throw new IllegalArgumentException(
          "classPrototypes: %d numbers (expected: a multiple of %d)"
              .formatted(classPrototypes.length, heads * d));
    }
    if (tokenMeans.length != 0) {
      check("tokenMeans", tokenMeans.length, heads * shape.tokens());
    }
  }

  private static void check(String name, int length, int expected) {
    if (length != expected) {
      throw new IllegalArgumentException(
          "%s: %d numbers (expected: %d)".formatted(name, length, expected));
    }
  }

  /** C, 0 for a model without classes. */
  public int classes() {
    return classPrototypes.length / (shape.layers() * shape.heads() * shape.embedding());
  }
}
