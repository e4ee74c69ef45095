package io.headgate.serving;

import io.headgate.calibration.Calibration;
import io.headgate.calibration.CalibrationSettings;
import io.headgate.calibration.Calibrator;
import io.headgate.calibration.CleanImage;
import io.headgate.calibration.Trial;
import io.headgate.decomposition.Decomposer;
import io.headgate.detection.FakeModel;
import io.headgate.guard.Guard;
import io.headgate.guard.RepairPolicy;
import io.headgate.guard.Verdict;
import io.headgate.imaging.RgbImage;
import io.headgate.zeroshot.ZeroShotClassifier;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/** Calibrations made on the spot. */
final class TestCalibrations {
  private TestCalibrations() {}

  /** Of a fake model; another seed makes another calibration. */
  static Calibration of(FakeModel model, long seed, Instant createdAt) {
    return of(model, seed, createdAt, Optional.empty());
  }

  static Calibration of(
      FakeModel model, long seed, Instant createdAt, Optional<Duration> validity) {
    List<RgbImage> clean =
        IntStream.range(0, 1200)
            .mapToObj(i -> FakeModel.image(i % FakeModel.CLASSES, seed * 10_000 + i))
            .toList();
    return of(
        model, Optional.of(model.classifier()), settings(0.01, seed), clean, createdAt, validity);
  }

  static CalibrationSettings settings(double target, long seed) {
    CalibrationSettings defaults = CalibrationSettings.defaults();
    return new CalibrationSettings(
        target,
        defaults.confidence(),
        defaults.epsilonQuantile(),
        defaults.heldOutShare(),
        defaults.combination(),
        defaults.screened(),
        seed);
  }

  static Calibration of(
      Decomposer model,
      Optional<ZeroShotClassifier> classifier,
      CalibrationSettings settings,
      List<RgbImage> clean,
      Instant createdAt,
      Optional<Duration> validity) {
    Calibrator calibrator =
        new Calibrator(
            model,
            classifier,
            "test",
            settings,
            clean.size(),
            fitted -> {
              Guard guard = new Guard(model, classifier, fitted, RepairPolicy.PRUNE);
              return pixels ->
                  guard.judge(pixels).stream()
                      .map(
                          j ->
                              new Trial.Outcome(
                                  j.scores().flagged(),
                                  j.verdict() instanceof Verdict.Quarantined,
                                  j.scores().deciding().score(),
                                  ""))
                      .toList();
            });
    List<CleanImage> images = new ArrayList<>();
    for (int i = 0; i < clean.size(); i++) {
      images.add(
          new CleanImage("image" + i, ByteBuffer.allocate(32).putInt(i).array(), clean.get(i)));
      if (images.size() == 32 || i == clean.size() - 1) {
        calibrator.accept(List.copyOf(images));
        images.clear();
      }
    }
    return calibrator.finish(createdAt, validity);
  }
}
