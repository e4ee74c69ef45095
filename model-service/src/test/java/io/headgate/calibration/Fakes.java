package io.headgate.calibration;

import io.headgate.detection.FakeModel;
import io.headgate.guard.Guard;
import io.headgate.guard.RepairPolicy;
import io.headgate.guard.Verdict;
import io.headgate.imaging.RgbImage;
import io.headgate.zeroshot.ZeroShotClassifier;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.function.Function;

/** Calibrators and clean images of a fake model. */
final class Fakes {
  static final FakeModel MODEL = new FakeModel();

  /** Few images are enough: 5 % at 90 % confidence needs 150. */
  static final CalibrationSettings SETTINGS = CalibrationSettings.defaults().withTarget(0.05, 0.9);

  private Fakes() {}

  static List<CleanImage> clean(int from, int to) {
    List<CleanImage> images = new ArrayList<>();
    for (int i = from; i < to; i++) {
      images.add(image(i, FakeModel.image(i % FakeModel.CLASSES, i)));
    }
    return images;
  }

  static List<CleanImage> triggered(int from, int to) {
    List<CleanImage> images = new ArrayList<>();
    for (int i = from; i < to; i++) {
      images.add(image(i, FakeModel.triggered(FakeModel.image(i % FakeModel.CLASSES, i), i % 16)));
    }
    return images;
  }

  static CleanImage image(int number, RgbImage pixels) {
    return new CleanImage("image" + number, ByteBuffer.allocate(32).putInt(number).array(), pixels);
  }

  static Calibrator calibrator(long total) {
    return calibrator(SETTINGS, Stages.of(total, SETTINGS, MODEL.shape()));
  }

  static Calibrator calibrator(CalibrationSettings settings, Stages stages) {
    Optional<ZeroShotClassifier> classifier = Optional.of(MODEL.classifier());
    return new Calibrator(MODEL, classifier, "test", settings, stages, guards(classifier));
  }

  static Function<Calibration, Trial> guards(Optional<ZeroShotClassifier> classifier) {
    return fitted -> {
      Guard guard = new Guard(MODEL, classifier, fitted, RepairPolicy.PRUNE);
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
    };
  }

  static Calibration calibration(int images) {
    Calibrator calibrator = calibrator(images);
    feed(calibrator, clean(0, images));
    return calibrator.finish(Instant.EPOCH, Optional.empty());
  }

  /** In batches, as commands do. */
  static void feed(Calibrator calibrator, List<CleanImage> images) {
    for (int from = 0; from < images.size(); from += 32) {
      calibrator.accept(images.subList(from, Math.min(from + 32, images.size())));
    }
  }
}
