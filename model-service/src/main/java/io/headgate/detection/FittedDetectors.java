package io.headgate.detection;

import java.util.List;

/**
 * Everything detection learnt from clean images: what a calibration stores.
 *
 * @param reference means and prototypes
 * @param epsilon {@code [H]}: thresholds of the paper's infected heads
 * @param zeta the paper's ζ: more infected heads than this is suspicious
 * @param shares {@code median} and {@code scale} {@code [K]} of the clean shares, which name the
 *     most infected components
 * @param detectors all fitted kinds of the table, in its order
 * @param combination names of those that the deciding score combines
 * @param threshold of the deciding score
 * @param margin half width of the band around the threshold in which rounding could decide
 */
public record FittedDetectors(
    Reference reference,
    float[] epsilon,
    int zeta,
    Numbers shares,
    List<Fitted> detectors,
    List<String> combination,
    double threshold,
    double margin) {
  /**
   * One fitted kind.
   *
   * @param name of the kind
   * @param numbers its parameters
   * @param knots clean scores in order, thinned
   * @param tail number of clean scores and their mean excess in the upper tail
   * @param classOffsets {@code [C]}: what is taken off its normal rank, in the deciding score, for
   *     images predicted as each class; empty without classes
   * @param threshold of this detector alone, for the same target rate
   */
  public record Fitted(
      String name,
      Numbers numbers,
      float[] knots,
      float[] tail,
      float[] classOffsets,
      double threshold) {}

  /**
   * @throws IllegalArgumentException if the combination names a detector that was not fitted
   */
  public FittedDetectors {
    detectors = List.copyOf(detectors);
    combination = List.copyOf(combination);
    List<String> names = detectors.stream().map(Fitted::name).toList();
    if (combination.isEmpty() || !names.containsAll(combination)) {
      throw new IllegalArgumentException(
          "combination: %s (expected: at least one of %s)".formatted(combination, names));
    }
  }

  /** The same with another margin of the deciding score. */
  public FittedDetectors withMargin(double newMargin) {
    return new FittedDetectors(
        reference, epsilon, zeta, shares, detectors, combination, threshold, newMargin);
  }
}
