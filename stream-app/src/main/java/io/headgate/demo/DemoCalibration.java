package io.headgate.demo;

import io.headgate.calibration.Calibration;
import io.headgate.calibration.CalibrationException;
import io.headgate.calibration.CalibrationSettings;
import io.headgate.calibration.Calibrator;
import io.headgate.calibration.CleanImage;
import io.headgate.clip.ClipModel;
import io.headgate.command.GuardTrial;
import io.headgate.console.Progress;
import io.headgate.console.UserException;
import io.headgate.guard.RepairPolicy;
import io.headgate.imaging.ImageLimits;
import io.headgate.imaging.ImagePreprocessor;
import io.headgate.imaging.ImageRejectedException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.function.Consumer;
import java.util.stream.Stream;

/** The calibration a model is demonstrated with: the one beside it, or one fitted now. */
final class DemoCalibration {
  /** Name of a calibration that lies beside its model. */
  static final String FILE = "calibration.json";

  private static final int BATCH = 32;

  private DemoCalibration() {}

  /**
   * The calibration beside the model, if there is one that fits it; says so if it does not.
   *
   * @param say told why the one that lies there is left alone
   */
  static Optional<Calibration> beside(Path model, String fingerprint, Consumer<String> say) {
    Path file = model.resolve(FILE);
    if (Files.notExists(file)) {
      return Optional.empty();
    }
    String problem;
    try {
      Calibration calibration = Calibration.load(file);
      if (calibration.modelFingerprint().equals(fingerprint)) {
        return Optional.of(calibration);
      }
      problem =
          "%s: made for model %s (expected: %s, the model beside it)"
              .formatted(file, calibration.modelFingerprint(), fingerprint);
    } catch (CalibrationException e) {
      problem = e.getMessage();
    }
    say.accept(problem + "; not used, calibrating anew");
    return Optional.empty();
  }

  /**
   * Fits one on clean images.
   *
   * @throws UserException if there are too few of them
   */
  static Calibration fit(ClipModel model, Path cleanImages) throws IOException {
    List<Path> files;
    try (Stream<Path> list = Files.list(cleanImages)) {
      files = new ArrayList<>(list.filter(Files::isRegularFile).sorted().toList());
    } catch (IOException e) {
      throw new UserException(
          "clean images to calibrate on: %s (expected: a readable folder): %s"
              .formatted(cleanImages, e),
          e);
    }
    CalibrationSettings settings = CalibrationSettings.defaults();
    Collections.shuffle(files, new Random(settings.seed()));
    Calibrator calibrator =
        new Calibrator(
            model,
            model.classifier(),
            "clip-bicubic-rgb/" + model.shape().imageSize(),
            settings,
            files.size(),
            GuardTrial.of(model, model.classifier(), RepairPolicy.PRUNE));
    ImagePreprocessor preprocessor = new ImagePreprocessor(ImageLimits.defaults());
    int size = model.shape().imageSize();
    try (Progress progress = Progress.start("calibrating", files.size())) {
      List<CleanImage> batch = new ArrayList<>(BATCH);
      for (Path file : files) {
        byte[] bytes = Files.readAllBytes(file);
        String name = file.getFileName().toString();
        try {
          batch.add(new CleanImage(name, sha256(bytes), preprocessor.crop(bytes, size)));
        } catch (ImageRejectedException e) {
          calibrator.skip(name, e.getMessage());
        }
        if (batch.size() == BATCH) {
          calibrator.accept(batch);
          batch.clear();
        }
        progress.advance(1);
      }
      calibrator.accept(batch);
      return calibrator.finish(Instant.now(), Optional.empty());
    }
  }

  private static byte[] sha256(byte[] bytes) {
    try {
      return MessageDigest.getInstance("SHA-256").digest(bytes);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e); // every JDK has it
    }
  }
}
