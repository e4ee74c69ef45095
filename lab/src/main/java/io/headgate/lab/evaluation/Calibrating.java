package io.headgate.lab.evaluation;

import io.headgate.calibration.Calibration;
import io.headgate.calibration.CalibrationSettings;
import io.headgate.calibration.Calibrator;
import io.headgate.calibration.CleanImage;
import io.headgate.calibration.Trial;
import io.headgate.console.Progress;
import io.headgate.decomposition.Decomposer;
import io.headgate.imaging.RgbImage;
import io.headgate.zeroshot.ZeroShotClassifier;
import java.io.IOException;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.util.Optional;
import java.util.function.Function;

/** Calibrates a model on a set of clean pictures, as {@code headgate calibrate} does on files. */
public final class Calibrating {
  private static final int BATCH = 32;

  private Calibrating() {}

  /**
   * @param trials judges held-out pictures
   * @param now stored with the calibration
   */
  public static Calibration run(
      Decomposer model,
      Optional<ZeroShotClassifier> classifier,
      CalibrationSettings settings,
      Function<Calibration, Trial> trials,
      PictureSet clean,
      Instant now)
      throws IOException {
    Calibrator calibrator =
        new Calibrator(
            model,
            classifier,
            "clip-bicubic-rgb/" + model.shape().imageSize(),
            settings,
            clean.size(),
            trials);
    try (Progress progress = Progress.start("calibrating", clean.size())) {
      clean.forEach(
          BATCH,
          batch -> {
            calibrator.accept(
                batch.stream()
                    .map(p -> new CleanImage(p.name(), sha256(p.pixels()), p.pixels()))
                    .toList());
            progress.advance(batch.size());
          });
    }
    for (String reason : clean.skipped()) {
      calibrator.skip(reason, "unreadable");
    }
    return calibrator.finish(now, Optional.empty());
  }

  private static byte[] sha256(RgbImage image) {
    try {
      return MessageDigest.getInstance("SHA-256").digest(image.rgb());
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }
}
