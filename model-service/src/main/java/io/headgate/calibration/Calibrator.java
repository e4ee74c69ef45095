package io.headgate.calibration;

import io.headgate.calibration.Calibration.Content;
import io.headgate.calibration.CalibrationException.Code;
import io.headgate.decomposition.Decomposer;
import io.headgate.decomposition.Decomposition;
import io.headgate.decomposition.ModelShape;
import io.headgate.detection.DetectorFitting;
import io.headgate.detection.FittedDetectors;
import io.headgate.detection.Lens;
import io.headgate.detection.Reading;
import io.headgate.detection.Reference;
import io.headgate.detection.ReferenceBuilder;
import io.headgate.imaging.RgbImage;
import io.headgate.zeroshot.ZeroShotClassifier;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;

/**
 * Makes a calibration from a stream of clean images in three stages: the first images make the
 * reference, the next fit detectors, the last only measure. Memory does not grow with the number of
 * images but for a few hundred numbers each. Owned by one thread.
 */
public final class Calibrator {
  private static final long BUFFER_BYTES = 256L << 20;
  private static final int MIN_BUFFERED = 64;
  private static final int TOKEN_IMAGES = 256;
  private static final int BATCH = 32;

  private final Decomposer model;
  private final Optional<ZeroShotClassifier> classifier;
  private final String preprocessing;
  private final CalibrationSettings settings;
  private final Function<Calibration, Trial> trials;
  private final ReferenceBuilder builder;
  private final long referenceUntil;
  private final long fitUntil;
  private final int bufferLimit;

  private final Set<ByteBuffer> seen = new HashSet<>();
  private final ByteArrayOutputStream manifest = new ByteArrayOutputStream();
  private final List<String> skipped = new ArrayList<>();
  private final List<Decomposition> buffer = new ArrayList<>();
  private final List<RgbImage> tokenImages = new ArrayList<>();
  private final List<Reading> readings = new ArrayList<>();
  private final List<Suspect> suspects = new ArrayList<>();
  private long skippedCount;
  private long offered;
  private long referenceCount;
  private long heldOut;
  private long flagged;
  private long quarantined;
  private Lens lens;
  private FittedDetectors detectors;
  private Trial trial;

  /**
   * @param preprocessing specification stored with the calibration
   * @param total number of images to come, as far as known: it sets where the stages change
   * @param trials makes the judge of held-out images from the calibration fitted so far
   * @throws CalibrationException if {@code total} cannot support the target rate
   */
  public Calibrator(
      Decomposer model,
      Optional<ZeroShotClassifier> classifier,
      String preprocessing,
      CalibrationSettings settings,
      long total,
      Function<Calibration, Trial> trials) {
    this.model = model;
    this.classifier = classifier;
    this.preprocessing = preprocessing;
    this.settings = settings;
    this.trials = trials;
    requireEnough(total, "offered");
    ModelShape shape = model.shape();
    this.builder = new ReferenceBuilder(shape, classifier);
    long bytes = 4L * shape.components() * shape.embedding();
    this.bufferLimit = (int) Math.max(MIN_BUFFERED, BUFFER_BYTES / bytes);
    long held = Math.max(settings.fewestHeldOut(), Math.round(total * settings.heldOutShare()));
    this.fitUntil = total - held;
    this.referenceUntil = fitUntil <= bufferLimit ? fitUntil : Math.max(bufferLimit, fitUntil / 2);
  }

  private void requireEnough(long images, String what) {
    long needed = settings.fewestImages();
    if (images < needed) {
      throw new CalibrationException(
          Code.TOO_FEW_IMAGES,
          "clean images %s: %d, but a false-quarantine rate of %s at %s confidence needs at least %d: %d held out that only measure, and %d to fit on — add images, or ask for a higher rate with --target-false-quarantine"
              .formatted(
                  what,
                  images,
                  percent(settings.targetFalseQuarantine()),
                  percent(settings.confidence()),
                  needed,
                  settings.fewestHeldOut(),
                  needed - settings.fewestHeldOut()));
    }
  }

  private static String percent(double share) {
    return java.math.BigDecimal.valueOf(share * 100).stripTrailingZeros().toPlainString() + " %";
  }

  /** Counts an image that could not be read. */
  public void skip(String name, String reason) {
    skippedCount++;
    offered++;
    if (skipped.size() < CalibrationImages.LISTED) {
      skipped.add(name + ": " + reason);
    }
  }

  /** Takes in images; ones that were there before, byte for byte, are skipped. */
  public void accept(List<CleanImage> images) {
    List<CleanImage> stage = new ArrayList<>(images.size());
    for (CleanImage image : images) {
      if (!seen.add(ByteBuffer.wrap(image.sha256().clone()))) {
        skip(image.name(), "the same bytes as an image before");
        continue;
      }
      if (!stage.isEmpty() && stageOf(offered) != stageOf(offered - 1)) {
        process(stage, stageOf(offered - 1));
        stage.clear();
      }
      stage.add(image);
      manifest.writeBytes(image.sha256());
      offered++;
    }
    if (!stage.isEmpty()) {
      process(stage, stageOf(offered - 1));
    }
  }

  private enum Stage {
    REFERENCE,
    FIT,
    HELD_OUT
  }

  private Stage stageOf(long index) {
    return index < referenceUntil ? Stage.REFERENCE : index < fitUntil ? Stage.FIT : Stage.HELD_OUT;
  }

  private void process(List<CleanImage> images, Stage stage) {
    List<RgbImage> pixels = images.stream().map(CleanImage::pixels).toList();
    switch (stage) {
      case REFERENCE -> reference(images, model.decompose(pixels));
      case FIT -> fit(images, model.decompose(pixels));
      case HELD_OUT -> hold(images, pixels);
    }
  }

  private void reference(List<CleanImage> images, List<Decomposition> parts) {
    for (int i = 0; i < parts.size(); i++) {
      Decomposition image = parts.get(i);
      requireFinite(image, images.get(i).name());
      builder.add(image);
      referenceCount++;
      if (buffer.size() < bufferLimit) {
        buffer.add(image);
      }
      if (tokenImages.size() < TOKEN_IMAGES) {
        tokenImages.add(images.get(i).pixels());
      }
    }
  }

  private static void requireFinite(Decomposition image, String name) {
    if (!(image.residual() < 1e-2)) {
      throw new CalibrationException(
          Code.DEGENERATE,
          "%s: the model's parts do not sum to its embedding (residual %s, expected: below 0.01) — the weights hold NaN, infinite or damaged numbers"
              .formatted(name, image.residual()));
    }
  }

  private void endReference() {
    if (lens != null) {
      return;
    }
    if (referenceCount < 2) {
      throw new CalibrationException(
          Code.TOO_FEW_IMAGES,
          "clean images: %d usable for the reference (expected: at least 2)"
              .formatted(referenceCount));
    }
    Lens plain = new Lens(builder.build(), classifier);
    for (int from = 0; from < tokenImages.size(); from += BATCH) {
      List<RgbImage> batch = tokenImages.subList(from, Math.min(from + BATCH, tokenImages.size()));
      float[][] directions = new float[batch.size()][];
      List<Decomposition> parts = model.decompose(batch);
      for (int i = 0; i < directions.length; i++) {
        directions[i] = plain.direction(parts.get(i));
      }
      model.tokenContributions(batch, directions).forEach(builder::addTokens);
    }
    tokenImages.clear();
    Reference reference = builder.build();
    lens = new Lens(reference, classifier);
    for (Decomposition image : buffer) {
      int predicted = classifier.map(c -> c.predict(image.embedding())).orElse(-1);
      readings.add(lens.readLeavingOut(image, builder.count(), builder.classCount(predicted)));
    }
    buffer.clear();
  }

  private void fit(List<CleanImage> images, List<Decomposition> parts) {
    endReference();
    for (int i = 0; i < parts.size(); i++) {
      requireFinite(parts.get(i), images.get(i).name());
      readings.add(lens.read(parts.get(i)));
    }
  }

  private void endFit() {
    if (detectors != null) {
      return;
    }
    endReference();
    if (readings.size() < DetectorFitting.MIN_READINGS) {
      requireEnough(offered - skippedCount, "usable");
    }
    detectors =
        new DetectorFitting(
                settings.targetFalseQuarantine(),
                settings.epsilonQuantile(),
                settings.combination())
            .fit(lens.reference(), classifier, readings);
    if (Double.isInfinite(detectors.threshold())) {
      requireEnough(offered - skippedCount, "usable");
    }
    trial = trials.apply(Calibration.of(content(Instant.EPOCH, Optional.empty())));
  }

  private void hold(List<CleanImage> images, List<RgbImage> pixels) {
    endFit();
    List<Trial.Outcome> outcomes = trial.judge(pixels);
    for (int i = 0; i < outcomes.size(); i++) {
      Trial.Outcome outcome = outcomes.get(i);
      heldOut++;
      flagged += outcome.flagged() ? 1 : 0;
      quarantined += outcome.quarantined() ? 1 : 0;
      if (outcome.flagged() && suspects.size() < CalibrationImages.LISTED) {
        suspects.add(new Suspect(images.get(i).name(), outcome.score(), outcome.label()));
      }
    }
  }

  /**
   * Ends the calibration.
   *
   * @param validity how long it may be used; empty for always
   * @throws CalibrationException if too few images were usable
   */
  public Calibration finish(Instant now, Optional<Duration> validity) {
    endFit();
    if (heldOut < settings.fewestHeldOut()) {
      requireEnough(Math.min(offered - skippedCount, settings.fewestImages() - 1), "usable");
    }
    return Calibration.of(content(now, validity.map(now::plus)));
  }

  private Content content(Instant now, Optional<Instant> expiry) {
    List<String> classes = classifier.map(ZeroShotClassifier::classes).orElse(List.of());
    int d = model.shape().embedding();
    float[] embeddings = new float[classes.size() * d];
    classifier.ifPresent(
        c -> {
          float[][] rows = c.embeddings();
          for (int k = 0; k < rows.length; k++) {
            System.arraycopy(rows[k], 0, embeddings, k * d, d);
          }
        });
    return new Content(
        model.fingerprint(),
        preprocessing,
        classes,
        embeddings,
        now,
        expiry,
        settings,
        new CalibrationImages(
            manifest.size() / 32,
            referenceCount,
            readings.size(),
            heldOut,
            skipped,
            skippedCount,
            manifest.toByteArray()),
        suspects,
        new Measured(heldOut, flagged, quarantined, settings.confidence()),
        detectors);
  }
}
