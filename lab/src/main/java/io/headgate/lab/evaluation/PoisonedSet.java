package io.headgate.lab.evaluation;

import io.headgate.calibration.Calibration;
import io.headgate.calibration.CalibrationSettings;
import io.headgate.calibration.Calibrator;
import io.headgate.calibration.CleanImage;
import io.headgate.calibration.Suspect;
import io.headgate.command.GuardTrial;
import io.headgate.decomposition.Decomposer;
import io.headgate.decomposition.Decomposition;
import io.headgate.detection.DetectorBank;
import io.headgate.detection.Score;
import io.headgate.guard.RepairPolicy;
import io.headgate.imaging.RgbImage;
import io.headgate.zeroshot.ZeroShotClassifier;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Random;

/**
 * Calibrates on a clean set that is not clean: some of its pictures carry the trigger. What does
 * that do to detection, with the screen and without?
 */
public final class PoisonedSet {
  private static final int BATCH = 32;
  private static final String POISON = "poison-";

  private final Decomposer model;
  private final Optional<ZeroShotClassifier> classifier;
  private final CalibrationSettings settings;
  private final List<RgbImage> clean;
  private final List<RgbImage> test;
  private final List<RgbImage> triggered;

  /**
   * What one share of poison did.
   *
   * @param share of poison in the calibration set
   * @param screened whether suspects were left out
   * @param poison number of poisoned pictures
   * @param named of them, among the suspects
   * @param cleanLeftOut number of clean pictures left out of the fit
   * @param auroc of the deciding score, on pictures that were not calibrated on
   * @param tpr share of triggered test pictures above the calibrated threshold
   * @param fpr share of clean test pictures above it
   */
  public record Row(
      double share,
      boolean screened,
      int poison,
      int named,
      long cleanLeftOut,
      double auroc,
      double tpr,
      double fpr) {}

  /**
   * @param clean pictures to calibrate on
   * @param test other clean pictures
   * @param triggered the first become poison, the others test detection
   */
  public PoisonedSet(
      Decomposer model,
      Optional<ZeroShotClassifier> classifier,
      CalibrationSettings settings,
      List<RgbImage> clean,
      List<RgbImage> test,
      List<RgbImage> triggered) {
    this.model = model;
    this.classifier = classifier;
    this.settings = settings;
    this.clean = List.copyOf(clean);
    this.test = List.copyOf(test);
    this.triggered = new ArrayList<>(triggered);
    Collections.shuffle(this.triggered, new Random(settings.seed()));
  }

  /**
   * Measures.
   *
   * @param share of poison in the whole set, in [0, 1)
   */
  public Row measure(double share, boolean screened) {
    int poison = (int) Math.round(clean.size() * share / (1 - share));
    if (poison > triggered.size() / 2) {
      throw new IllegalArgumentException(
          "poison: %d of %d triggered pictures (expected: at most half of them)"
              .formatted(poison, triggered.size()));
    }
    List<CleanImage> set = new ArrayList<>();
    for (RgbImage picture : clean) {
      set.add(named("clean-" + set.size(), picture));
    }
    for (RgbImage picture : triggered.subList(0, poison)) {
      set.add(named(POISON + set.size(), picture));
    }
    Collections.shuffle(set, new Random(settings.seed()));
    Calibrator calibrator =
        new Calibrator(
            model,
            classifier,
            "clip-bicubic-rgb/" + model.shape().imageSize(),
            settings.withScreened(screened),
            set.size(),
            GuardTrial.of(model, classifier, RepairPolicy.NONE));
    for (int from = 0; from < set.size(); from += BATCH) {
      calibrator.accept(set.subList(from, Math.min(from + BATCH, set.size())));
    }
    Calibration calibration = calibrator.finish(Instant.EPOCH, Optional.empty());
    List<Suspect> suspects = calibrator.suspects();
    DetectorBank bank = calibration.bank(classifier);
    Curve curve =
        new Curve(scores(bank, test), scores(bank, triggered.subList(poison, triggered.size())));
    double threshold = calibration.detectors().threshold();
    return new Row(
        share,
        screened,
        poison,
        (int) suspects.stream().filter(s -> s.name().startsWith(POISON)).count(),
        suspects.stream().filter(s -> s.leftOut() && !s.name().startsWith(POISON)).count(),
        curve.auroc(),
        curve.tprAbove(threshold),
        (double) curve.cleanAbove(threshold) / test.size());
  }

  private static CleanImage named(String name, RgbImage picture) {
    return new CleanImage(name, ByteBuffer.allocate(32).putInt(name.hashCode()).array(), picture);
  }

  private double[] scores(DetectorBank bank, List<RgbImage> pictures) {
    double[] scores = new double[pictures.size()];
    for (int from = 0; from < scores.length; from += BATCH) {
      List<Decomposition> parts =
          model.decompose(pictures.subList(from, Math.min(from + BATCH, scores.length)));
      for (int i = 0; i < parts.size(); i++) {
        Score deciding = bank.score(parts.get(i)).deciding();
        scores[from + i] = deciding.score();
      }
    }
    return scores;
  }
}
