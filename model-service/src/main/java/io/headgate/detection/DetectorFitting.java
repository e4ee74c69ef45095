package io.headgate.detection;

import io.headgate.zeroshot.ZeroShotClassifier;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * Fits all detectors on clean readings. Ranks and thresholds come from scores of images that a
 * detector was not fitted on (cross-fitting), so that they hold for images to come.
 */
public final class DetectorFitting {
  /** Fewer clean readings than this cannot be fitted on. */
  public static final int MIN_READINGS = 20;

  private final double targetRate;
  private final double epsilonQuantile;
  private final List<String> combination;

  /**
   * @param targetRate share of clean images that may be flagged, in (0, 1)
   * @param epsilonQuantile per-head quantile of clean similarities that becomes ε, in (0, 1)
   * @param combination names of the detectors to combine; those that need classes are left out for
   *     a model without
   */
  public DetectorFitting(double targetRate, double epsilonQuantile, List<String> combination) {
    if (!(targetRate > 0 && targetRate < 1)) {
      throw new IllegalArgumentException(
          "target rate: %s (expected: between 0 and 1, both excluded)".formatted(targetRate));
    }
    if (!(epsilonQuantile > 0 && epsilonQuantile < 1)) {
      throw new IllegalArgumentException(
          "epsilon quantile: %s (expected: between 0 and 1, both excluded)"
              .formatted(epsilonQuantile));
    }
    for (String name : combination) {
      if (Detectors.named(name).isEmpty()) {
        throw new IllegalArgumentException(
            "detector: %s (expected: one of %s)".formatted(name, DetectorBank.names()));
      }
    }
    this.targetRate = targetRate;
    this.epsilonQuantile = epsilonQuantile;
    this.combination = List.copyOf(combination);
  }

  /** The combination that the measurements in docs/detection.md chose. */
  public static List<String> defaultCombination() {
    return List.of("scale", "class-prototypes", "self-share-mahalanobis");
  }

  /** Fits on clean readings of which none was left out. */
  public FittedDetectors fit(
      Reference reference, Optional<ZeroShotClassifier> classifier, List<Reading> clean) {
    return fit(reference, classifier, clean, 0);
  }

  /**
   * Fits on clean readings, in an order that does not matter much (folds are taken by index).
   *
   * @param clean at least {@value #MIN_READINGS}, all finite
   * @param leftOut how many more were left out for looking suspicious. Clean ones among them would
   *     have been false alarms, so the threshold allows for as many as half the target rate; if
   *     they are poison, it is a little high for that.
   */
  public FittedDetectors fit(
      Reference reference,
      Optional<ZeroShotClassifier> classifier,
      List<Reading> clean,
      int leftOut) {
    int n = clean.size();
    if (n < MIN_READINGS) {
      throw new IllegalArgumentException(
          "clean readings: %d (expected: at least %d)".formatted(n, MIN_READINGS));
    }
    List<DetectorKind> kinds =
        Detectors.TABLE.stream()
            .filter(kind -> classifier.isPresent() || !kind.needsClasses())
            .toList();
    List<String> combined =
        kinds.stream().map(DetectorKind::name).filter(combination::contains).toList();
    float[][] outOfFold = CrossFit.scores(kinds, reference.shape(), clean);
    int classes = reference.classes();
    int[] predicted = clean.stream().mapToInt(Reading::predicted).toArray();
    List<FittedDetectors.Fitted> fitted = new ArrayList<>();
    double[] combinedScores = new double[n];
    for (int k = 0; k < kinds.size(); k++) {
      DetectorKind kind = kinds.get(k);
      Ranks ranks = Ranks.of(outOfFold[k]);
      fitted.add(
          new FittedDetectors.Fitted(
              kind.name(),
              kind.fitter().fit(clean),
              ranks.knots(),
              ranks.tail(),
              ClassOffsets.fit(gaussian(ranks, outOfFold[k]), predicted, classes),
              threshold(widen(outOfFold[k]), targetRate)));
      if (combined.contains(kind.name())) {
        addCrossRanked(outOfFold[k], predicted, classes, combinedScores);
      }
    }
    float[] epsilon = new float[reference.shape().heads()];
    for (int h = 0; h < epsilon.length; h++) {
      int head = h;
      float[] column = new float[n];
      for (int i = 0; i < n; i++) {
        column[i] = clean.get(i).similarities()[head];
      }
      epsilon[h] = Robust.quantile(column, epsilonQuantile);
    }
    double[] counts = new double[n];
    for (int i = 0; i < n; i++) {
      for (int h = 0; h < epsilon.length; h++) {
        counts[i] += clean.get(i).similarities()[h] <= epsilon[h] ? 1 : 0;
      }
    }
    int zeta = (int) Math.min(threshold(counts, targetRate), epsilon.length);
    return new FittedDetectors(
        reference,
        epsilon,
        zeta,
        new Numbers(ShareStandard.fit(clean, Reading::classShares)),
        fitted,
        combined,
        threshold(withLeftOut(combinedScores, leftOut), targetRate),
        0);
  }

  private double[] withLeftOut(double[] scores, int leftOut) {
    int counted = Math.min(leftOut, (int) (targetRate * scores.length / 2));
    double[] all = Arrays.copyOf(scores, scores.length + counted);
    Arrays.fill(all, scores.length, all.length, Double.POSITIVE_INFINITY);
    return all;
  }

  private static double[] gaussian(Ranks ranks, float[] scores) {
    double[] gaussian = new double[scores.length];
    for (int i = 0; i < scores.length; i++) {
      gaussian[i] = ranks.gaussian(scores[i]);
    }
    return gaussian;
  }

  /** Adds max(0, g)² with each fold's g ranked, and offset by class, by the other folds' scores. */
  private static void addCrossRanked(float[] scores, int[] predicted, int classes, double[] into) {
    for (int fold = 0; fold < CrossFit.FOLDS; fold++) {
      float[] rest = new float[scores.length];
      int[] restPredicted = new int[scores.length];
      int size = 0;
      for (int i = 0; i < scores.length; i++) {
        if (i % CrossFit.FOLDS != fold) {
          restPredicted[size] = predicted[i];
          rest[size++] = scores[i];
        }
      }
      rest = Arrays.copyOf(rest, size);
      Ranks ranks = Ranks.of(rest);
      float[] offsets = ClassOffsets.fit(gaussian(ranks, rest), restPredicted, classes);
      for (int i = fold; i < scores.length; i += CrossFit.FOLDS) {
        double g = ranks.gaussian(scores[i]) - ClassOffsets.of(offsets, predicted[i]);
        into[i] += g > 0 ? g * g : 0;
      }
    }
  }

  /**
   * The split-conformal threshold: an exchangeable new image exceeds it with probability at most
   * {@code rate} (Vovk et al. 2005): the ⌈(n+1)(1−rate)⌉-th smallest score, +infinity if there are
   * too few scores.
   */
  public static double threshold(double[] scores, double rate) {
    double[] sorted = scores.clone();
    Arrays.sort(sorted);
    long rank = (long) Math.ceil((sorted.length + 1) * (1 - rate) - 1e-9);
    return rank > sorted.length ? Double.POSITIVE_INFINITY : sorted[(int) rank - 1];
  }

  private static double[] widen(float[] values) {
    double[] wide = new double[values.length];
    for (int i = 0; i < wide.length; i++) {
      wide[i] = values[i];
    }
    return wide;
  }
}
