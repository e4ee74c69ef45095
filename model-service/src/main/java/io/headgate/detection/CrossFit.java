package io.headgate.detection;

import io.headgate.decomposition.ModelShape;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/** Scores of clean readings by detectors that were fitted on the others of them. */
final class CrossFit {
  /**
   * How many parts the readings are cut into, by index. With few, fits on the others shrink their
   * covariances visibly more than the fit on all, and new images look further away.
   */
  static final int FOLDS = 10;

  private CrossFit() {}

  /**
   * @return {@code [kinds][readings]}
   */
  static float[][] scores(List<DetectorKind> kinds, ModelShape shape, List<Reading> readings) {
    return scores(kinds, shape, readings, new boolean[readings.size()]);
  }

  /**
   * The same, with some readings never fitted on, only scored.
   *
   * @param leftOut {@code [readings]}; must leave some to fit on
   */
  static float[][] scores(
      List<DetectorKind> kinds, ModelShape shape, List<Reading> readings, boolean[] leftOut) {
    int n = readings.size();
    float[][] scores = new float[kinds.size()][n];
    IntStream.range(0, FOLDS)
        .parallel()
        .forEach(
            fold -> {
              List<Reading> rest = new ArrayList<>(n);
              for (int i = 0; i < n; i++) {
                if (i % FOLDS != fold && !leftOut[i]) {
                  rest.add(readings.get(i));
                }
              }
              for (int k = 0; k < kinds.size(); k++) {
                Detector detector = kinds.get(k).fitted(rest, shape);
                for (int i = fold; i < n; i += FOLDS) {
                  scores[k][i] = (float) detector.score(readings.get(i));
                }
              }
            });
    return scores;
  }
}
