package io.headgate.calibration;

import io.headgate.calibration.CalibrationException.Code;
import io.headgate.detection.BinomialBound;
import io.headgate.detection.DetectorBank;
import io.headgate.detection.DetectorFitting;
import java.util.List;

/**
 * What a calibration aims at.
 *
 * @param targetFalseQuarantine share of clean images that may be flagged, in (0, 1)
 * @param confidence of the stated bounds, in (0, 1)
 * @param epsilonQuantile per-head quantile of clean similarities that becomes the paper's ε, (0, 1)
 * @param heldOutShare of the images that only measure, never fit, in (0, 1)
 * @param combination detectors that the deciding score combines
 * @param screened whether images that do not look clean are left out of the reference and the fit
 * @param seed of the split
 */
public record CalibrationSettings(
    double targetFalseQuarantine,
    double confidence,
    double epsilonQuantile,
    double heldOutShare,
    List<String> combination,
    boolean screened,
    long seed) {
  /** 1 % at 95 %, ε at the 5 % quantile, 30 % held out, screened. */
  public static CalibrationSettings defaults() {
    return new CalibrationSettings(
        0.01, 0.95, 0.05, 0.3, DetectorFitting.defaultCombination(), true, 1);
  }

  /**
   * @throws CalibrationException if a number is out of range or a detector unknown
   */
  public CalibrationSettings {
    open("target false-quarantine rate", targetFalseQuarantine, 0.01);
    open("confidence", confidence, 0.95);
    open("epsilon quantile", epsilonQuantile, 0.05);
    open("held-out share", heldOutShare, 0.3);
    combination = List.copyOf(combination);
    for (String name : combination) {
      if (!DetectorBank.names().contains(name)) {
        throw new CalibrationException(
            Code.BAD_SETTING,
            "detector: %s (expected: one of %s)".formatted(name, DetectorBank.names()));
      }
    }
    if (combination.isEmpty()) {
      throw new CalibrationException(
          Code.BAD_SETTING,
          "combination: empty (expected: at least one of %s)".formatted(DetectorBank.names()));
    }
  }

  /** The same with another target rate and confidence. */
  public CalibrationSettings withTarget(double rate, double newConfidence) {
    return new CalibrationSettings(
        rate, newConfidence, epsilonQuantile, heldOutShare, combination, screened, seed);
  }

  /** The same with another combination. */
  public CalibrationSettings withCombination(List<String> names) {
    return new CalibrationSettings(
        targetFalseQuarantine, confidence, epsilonQuantile, heldOutShare, names, screened, seed);
  }

  /** The same, with images that do not look clean left out or kept in. */
  public CalibrationSettings withScreened(boolean leaveOut) {
    return new CalibrationSettings(
        targetFalseQuarantine,
        confidence,
        epsilonQuantile,
        heldOutShare,
        combination,
        leaveOut,
        seed);
  }

  /** The fewest held-out images that can support the target rate at the confidence. */
  public long fewestHeldOut() {
    return BinomialBound.fewestTrials(targetFalseQuarantine, confidence);
  }

  /** The fewest images in all: the held-out ones and as many to fit on as their share implies. */
  public long fewestImages() {
    long fit = Math.max((long) Math.ceil(1 / targetFalseQuarantine), DetectorFitting.MIN_READINGS);
    return Math.max(
        (long) Math.ceil(fewestHeldOut() / heldOutShare - 1e-9),
        (long) Math.ceil(fit / (1 - heldOutShare)));
  }

  private static void open(String what, double value, double example) {
    if (!(value > 0 && value < 1)) {
      throw new CalibrationException(
          Code.BAD_SETTING,
          "%s: %s (expected: between 0 and 1, both excluded, for example %s)"
              .formatted(what, value, example));
    }
  }
}
