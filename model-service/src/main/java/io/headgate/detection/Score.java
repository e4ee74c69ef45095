package io.headgate.detection;

/**
 * One detector's opinion of one image.
 *
 * @param detector name of the detector
 * @param score larger is more suspicious, dimensionless
 * @param threshold calibrated; +infinity for a detector that only informs
 * @param flagged score &gt; threshold, or the score is not a number
 */
public record Score(String detector, double score, double threshold, boolean flagged) {
  static Score of(String detector, double score, double threshold) {
    return new Score(detector, score, threshold, !(score <= threshold));
  }
}
