package io.headgate.decomposition;

import io.headgate.imaging.RgbImage;
import java.util.List;

/**
 * Computes decompositions: the model, as everything downstream of it sees it. Implementations are
 * safe for concurrent callers, and concurrent callers get bit-equal results.
 *
 * <p>All images must have the model's image size on both sides.
 */
public interface Decomposer {
  /** Sizes of the model. */
  ModelShape shape();

  /** Hash of weights, activation, preprocessing and precision mode, lower-case hex. */
  String fingerprint();

  /**
   * Takes each image's embedding apart.
   *
   * @throws IllegalArgumentException if an image has not the model's size
   */
  List<Decomposition> decompose(List<RgbImage> images);

  /**
   * The same with some patch tokens dropped after the positional embedding, as the repair by
   * pruning needs it (design.md §4).
   *
   * @param patchTokens {@code [B][q]}: for each image the same number q of distinct patch tokens,
   *     each in [0, N-1), row-major over the patch grid; the class token cannot be dropped
   */
  List<Decomposition> decomposeWithout(List<RgbImage> images, int[][] patchTokens);

  /**
   * What each token contributed through each head along a direction (method.md §1, per-token parts,
   * without the shares of b_O, μ and β).
   *
   * @param directions {@code [B][D]}
   * @return per image {@code [L, H, N]} row-major
   */
  List<float[]> tokenContributions(List<RgbImage> images, float[][] directions);
}
