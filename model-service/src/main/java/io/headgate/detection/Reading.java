package io.headgate.detection;

/**
 * Everything the detectors look at in one image: a few hundred numbers in place of its parts.
 * Arrays are handed over and read-only by contract.
 *
 * @param predicted index of the most probable class, −1 for a model without classes
 * @param classShares {@code [K]}: share of each component in the predicted class's direction, after
 *     its clean mean was taken off; the same as {@code selfShares} for a model without classes
 * @param selfShares {@code [K]}: the same along the image's embedding minus the clean mean
 * @param similarities {@code [H]}: of the last layer's heads to their prototypes (He et al. 2025,
 *     Algorithm 1)
 * @param classSimilarities {@code [L·H]}: of all heads to their prototypes over clean images of the
 *     predicted class; empty without classes
 * @param scale log(σ·‖f‖): how loud the class-token row and the raw embedding are
 * @param tokenConcentration the largest patch token's share of the positive contributions of the
 *     last attention layer, in [0, 1]
 * @param embedding {@code [D]}, unit norm
 */
public record Reading(
    int predicted,
    float[] classShares,
    float[] selfShares,
    float[] similarities,
    float[] classSimilarities,
    float scale,
    float tokenConcentration,
    float[] embedding) {

  /** Whether every number is finite; an image with a NaN part can never pass as clean. */
  public boolean finite() {
    float sum = scale + tokenConcentration;
    for (float[] numbers :
        new float[][] {classShares, selfShares, similarities, classSimilarities, embedding}) {
      for (float x : numbers) {
        sum += x * 0f; // 0 for finite numbers, else NaN
      }
    }
    return Float.isFinite(sum);
  }
}
