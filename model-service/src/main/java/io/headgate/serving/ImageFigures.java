package io.headgate.serving;

import java.util.List;

/**
 * One image's figures for the metrics.
 *
 * @param route taken
 * @param infectedHeads of the last layer
 * @param similarities {@code [H]} of the last layer's heads to their clean prototypes
 * @param scores of all detectors
 * @param residual max |sum of parts − embedding|
 */
record ImageFigures(
    Route route, int infectedHeads, float[] similarities, List<Score> scores, double residual) {
  /** As a label. */
  enum Route {
    CLEAN,
    REPAIRED,
    QUARANTINED
  }

  /** One detector's score. */
  record Score(String detector, double value, boolean flagged) {}
}
