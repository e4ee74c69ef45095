package io.headgate.detection;

import io.headgate.decomposition.ModelShape;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Finds images that do not look clean among those that are supposed to be: a clean set may itself
 * be poisoned. Every detector's score is standardised by its median and upper quartile, which a few
 * per cent of poison cannot move, and the squares of what is above the median are summed. Images
 * are suspicious beyond the point that an exponential tail, drawn through the 70 % and 90 %
 * quantiles of that sum, would reach with less than one image in {@value #CHANCE_ONE_IN} sets of
 * this size.
 *
 * <p>Immutable; safe for concurrent use.
 */
public final class Screen {
  private static final int CHANCE_ONE_IN = 2;
  private static final int ROUNDS = 6;
  private static final double BODY = 0.7;
  private static final double SHOULDER = 0.9;

  private static final double QUARTILE_TO_SD = 0.6745;

  private final List<Detector> detectors;
  private final float[] medians;
  private final float[] scales;
  private final float[] scores;
  private final double limit;

  private Screen(
      List<Detector> detectors, float[] medians, float[] scales, float[] scores, double limit) {
    this.detectors = detectors;
    this.medians = medians;
    this.scales = scales;
    this.scores = scores;
    this.limit = limit;
  }

  /**
   * Fits, leaves out what is suspicious, and fits again until nothing changes: what hides best
   * stands out once the rest of its kind is gone.
   *
   * @param readings at least {@value DetectorFitting#MIN_READINGS}, all finite
   * @param names detectors to look with; those that need classes are left out where there are none
   */
  public static Screen fit(ModelShape shape, List<Reading> readings, List<String> names) {
    boolean classes = readings.get(0).predicted() >= 0;
    List<DetectorKind> kinds =
        Detectors.TABLE.stream()
            .filter(kind -> names.contains(kind.name()) && (classes || !kind.needsClasses()))
            .toList();
    boolean[] suspicious = new boolean[readings.size()];
    Screen screen = fit(kinds, shape, readings, suspicious);
    for (int round = 1; round < ROUNDS; round++) {
      boolean[] now = new boolean[suspicious.length];
      for (int i = 0; i < now.length; i++) {
        now[i] = screen.score(i) > screen.limit();
      }
      if (Arrays.equals(now, suspicious)) {
        break;
      }
      suspicious = now;
      screen = fit(kinds, shape, readings, suspicious);
    }
    return screen;
  }

  private static Screen fit(
      List<DetectorKind> kinds, ModelShape shape, List<Reading> readings, boolean[] leftOut) {
    float[][] columns = CrossFit.scores(kinds, shape, readings, leftOut);
    float[] medians = new float[columns.length];
    float[] scales = new float[columns.length];
    float[] sums = new float[readings.size()];
    for (int k = 0; k < columns.length; k++) {
      float[] sorted = sorted(columns[k], leftOut);
      medians[k] = Robust.quantileOfSorted(sorted, 0.5);
      float above = Robust.quantileOfSorted(sorted, 0.75) - medians[k];
      scales[k] = (float) Math.max(above / QUARTILE_TO_SD, 1e-6 * Math.abs(medians[k]) + 1e-12);
      for (int i = 0; i < sums.length; i++) {
        sums[i] += square(columns[k][i], medians[k], scales[k]);
      }
    }
    List<Reading> kept =
        IntStream.range(0, sums.length).filter(i -> !leftOut[i]).mapToObj(readings::get).toList();
    return new Screen(
        kinds.stream().map(kind -> kind.fitted(kept, shape)).toList(),
        medians,
        scales,
        sums,
        limit(sorted(sums, leftOut)));
  }

  private static float[] sorted(float[] values, boolean[] leftOut) {
    float[] kept = new float[values.length];
    int n = 0;
    for (int i = 0; i < values.length; i++) {
      if (!leftOut[i]) {
        kept[n++] = values[i];
      }
    }
    Arrays.sort(kept, 0, n);
    return Arrays.copyOf(kept, n);
  }

  private static double square(double score, float median, float scale) {
    double z = (score - median) / scale;
    return z > 0 ? z * z : 0;
  }

  private static double limit(float[] sorted) {
    double body = sorted[(int) (BODY * (sorted.length - 1))];
    double shoulder = sorted[(int) (SHOULDER * (sorted.length - 1))];
    double meanExcess = (shoulder - body) / Math.log((1 - BODY) / (1 - SHOULDER));
    return shoulder + meanExcess * Math.log(CHANCE_ONE_IN * (1 - SHOULDER) * sorted.length);
  }

  /** Scores of the readings it was fitted on, each by detectors fitted on the others. */
  public double score(int index) {
    return scores[index];
  }

  /** Score of another reading. */
  public double score(Reading reading) {
    double sum = 0;
    for (int k = 0; k < medians.length; k++) {
      sum += square(detectors.get(k).score(reading), medians[k], scales[k]);
    }
    return sum;
  }

  /** Scores above this are suspicious. */
  public double limit() {
    return limit;
  }
}
