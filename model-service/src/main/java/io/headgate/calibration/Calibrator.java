package io.headgate.calibration;

import io.headgate.calibration.Calibration.Content;
import io.headgate.calibration.CalibrationException.Code;
import io.headgate.calibration.Stages.Stage;
import io.headgate.decomposition.Decomposer;
import io.headgate.decomposition.Decomposition;
import io.headgate.detection.DetectorBank;
import io.headgate.detection.DetectorFitting;
import io.headgate.detection.FittedDetectors;
import io.headgate.detection.Lens;
import io.headgate.detection.Reading;
import io.headgate.detection.ReferenceBuilder;
import io.headgate.detection.Screen;
import io.headgate.imaging.RgbImage;
import io.headgate.zeroshot.ZeroShotClassifier;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.math.BigDecimal;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;

/**
 * Makes a calibration from a stream of clean images in one pass and in the {@link Stages} their
 * number asks for. Memory is bounded but for some 60 bytes an image, its hashes. Owned by one
 * thread.
 *
 * <p>Images that do not look like the others ({@link Screen}) are left out of the means, the
 * prototypes and the fit, so that a few poisoned ones cannot make their like look clean: means over
 * the rest are trimmed means. Held-out images are never left out of the measured rates.
 */
public final class Calibrator {
  private static final int SCREENINGS = 12;
  private static final int TOKEN_IMAGES = 256;
  private static final int BATCH = 32;

  /** Scores near the threshold change faster, and other hardware differs by more than batches. */
  private static final double ROUNDING_SAFETY = 10;

  private final Decomposer model;
  private final Optional<ZeroShotClassifier> classifier;
  private final String preprocessing;
  private final CalibrationSettings settings;
  private final Function<Calibration, Trial> trials;
  private final Stages stages;

  // What a checkpoint holds.
  private final Set<Long> seen = new HashSet<>();
  private final ByteArrayOutputStream manifest = new ByteArrayOutputStream();
  private final List<String> skipped = new ArrayList<>();
  private final List<Named<Decomposition>> pilot = new ArrayList<>();
  private final List<RgbImage> tokenImages = new ArrayList<>();
  private final List<RgbImage> roundingImages = new ArrayList<>();
  private final List<Named<Reading>> readings = new ArrayList<>();
  private final List<Suspect> suspects = new ArrayList<>();
  private ReferenceBuilder builder;
  private long skippedCount;
  private long duplicates;
  private long offered;
  private long heldOut;
  private long flagged;
  private long quarantined;

  // What follows from it.
  private boolean[] pilotSuspicious;
  private Lens pilotLens;
  private Screen pilotScreen;
  private Lens lens;
  private FittedDetectors detectors;
  private Trial trial;
  private long fitted;

  /** Something of an image and the image's name. */
  record Named<T>(String name, T value) {}

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
    this(
        model,
        classifier,
        preprocessing,
        settings,
        Stages.of(total, settings, model.shape()),
        trials);
  }

  Calibrator(
      Decomposer model,
      Optional<ZeroShotClassifier> classifier,
      String preprocessing,
      CalibrationSettings settings,
      Stages stages,
      Function<Calibration, Trial> trials) {
    this.model = model;
    this.classifier = classifier;
    this.preprocessing = preprocessing;
    this.settings = settings;
    this.trials = trials;
    this.stages = stages;
    requireEnough(stages.total(), "offered");
    this.builder = new ReferenceBuilder(model.shape(), classifier);
  }

  private void requireEnough(long images, String what) {
    long needed = settings.fewestImages();
    if (images < needed) {
      throw new CalibrationException(
          Code.TOO_FEW_IMAGES,
          "clean images %s: %d%s, but a false-quarantine rate of %s at %s confidence needs at least %d: %d held out that only measure, and %d to fit on — add images, or ask for a higher rate with --target-false-quarantine"
              .formatted(
                  what,
                  images,
                  lost(),
                  percent(settings.targetFalseQuarantine()),
                  percent(settings.confidence()),
                  needed,
                  settings.fewestHeldOut(),
                  needed - settings.fewestHeldOut()));
    }
  }

  private String lost() {
    return skippedCount == 0
        ? ""
        : " (%d of %d skipped: %d the same as another, %d unreadable; the first: %s)"
            .formatted(
                skippedCount, offered, duplicates, skippedCount - duplicates, skipped.get(0));
  }

  private static String percent(double share) {
    return BigDecimal.valueOf(share * 100).stripTrailingZeros().toPlainString() + " %";
  }

  /** Counts an image that could not be read. */
  public void skip(String name, String reason) {
    skippedCount++;
    offered++;
    if (skipped.size() < CalibrationImages.LISTED) {
      skipped.add(name + ": " + reason);
    }
  }

  /** Number of images taken in or skipped. */
  public long offered() {
    return offered;
  }

  /** Takes in images; ones whose pixels were there before are skipped. */
  public void accept(List<CleanImage> images) {
    List<CleanImage> batch = new ArrayList<>(images.size());
    Stage stage = Stage.PILOT;
    for (CleanImage image : images) {
      if (!seen.add(hash(image.pixels()))) {
        duplicates++;
        skip(image.name(), "the same picture as one before");
        continue;
      }
      Stage next = stages.of(offered);
      if (next != stage) {
        process(batch, stage);
        batch.clear();
        stage = next;
      }
      batch.add(image);
      manifest.writeBytes(image.sha256());
      offered++;
    }
    process(batch, stage);
  }

  private static long hash(RgbImage pixels) {
    try {
      return ByteBuffer.wrap(MessageDigest.getInstance("SHA-256").digest(pixels.rgb())).getLong();
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException(e);
    }
  }

  private void process(List<CleanImage> images, Stage stage) {
    if (images.isEmpty()) {
      return;
    }
    List<RgbImage> pixels = images.stream().map(CleanImage::pixels).toList();
    switch (stage) {
      case PILOT -> pilot(images, decompose(images, pixels));
      case REFERENCE -> reference(images, decompose(images, pixels));
      case FIT -> fit(images, decompose(images, pixels));
      case HELD_OUT -> hold(images, pixels);
    }
  }

  private List<Decomposition> decompose(List<CleanImage> images, List<RgbImage> pixels) {
    List<Decomposition> parts = model.decompose(pixels);
    for (int i = 0; i < parts.size(); i++) {
      if (!(parts.get(i).residual() < 1e-2)) {
        throw new CalibrationException(
            Code.DEGENERATE,
            "%s: the model's parts do not sum to its embedding (residual %s, expected: below 0.01) — the weights hold NaN, infinite or damaged numbers"
                .formatted(images.get(i).name(), parts.get(i).residual()));
      }
    }
    return parts;
  }

  private void pilot(List<CleanImage> images, List<Decomposition> parts) {
    for (int i = 0; i < parts.size(); i++) {
      pilot.add(new Named<>(images.get(i).name(), parts.get(i)));
      if (tokenImages.size() < TOKEN_IMAGES) {
        tokenImages.add(images.get(i).pixels());
      }
      if (roundingImages.size() < BATCH) {
        roundingImages.add(images.get(i).pixels());
      }
    }
  }

  /**
   * Makes the first reference. What stands out against it is left out and it is made again, until
   * nothing changes: the less poison it holds, the more stands out.
   */
  private void endPilot() {
    if (pilotLens == null) {
      screenPilot();
      addTokens();
    }
  }

  private void screenPilot() {
    if (pilot.size() < 2) {
      throw new CalibrationException(
          Code.TOO_FEW_IMAGES,
          "clean images%s: %d usable for the reference (expected: at least 2)"
              .formatted(lost(), pilot.size()));
    }
    pilotSuspicious = new boolean[pilot.size()];
    boolean settled = !settings.screened() || pilot.size() < DetectorFitting.MIN_READINGS;
    makeReference();
    for (int round = 0; round < SCREENINGS && !settled; round++) {
      pilotScreen = Screen.fit(model.shape(), pilotReadings(pilotLens), settings.combination());
      boolean[] suspicious = new boolean[pilot.size()];
      for (int i = 0; i < suspicious.length; i++) {
        suspicious[i] = pilotScreen.score(i) > pilotScreen.limit();
      }
      settled = Arrays.equals(suspicious, pilotSuspicious);
      pilotSuspicious = suspicious;
      makeReference();
    }
  }

  private void makeReference() {
    builder = new ReferenceBuilder(model.shape(), classifier);
    for (int i = 0; i < pilot.size(); i++) {
      if (!pilotSuspicious[i]) {
        builder.add(pilot.get(i).value());
      }
    }
    pilotLens = new Lens(builder.build(), classifier);
  }

  private List<Reading> pilotReadings(Lens through) {
    List<Reading> read = new ArrayList<>(pilot.size());
    for (int i = 0; i < pilot.size(); i++) {
      Decomposition image = pilot.get(i).value();
      read.add(
          pilotSuspicious[i]
              ? through.read(image)
              : through.readLeavingOut(
                  image,
                  builder.count(),
                  builder.classCount(
                      classifier.map(c -> c.predict(image.embedding())).orElse(-1))));
    }
    return read;
  }

  private void addTokens() {
    for (int from = 0; from < tokenImages.size(); from += BATCH) {
      List<RgbImage> batch = new ArrayList<>();
      List<float[]> directions = new ArrayList<>();
      for (int i = from; i < Math.min(from + BATCH, tokenImages.size()); i++) {
        if (!pilotSuspicious[i]) {
          batch.add(tokenImages.get(i));
          directions.add(pilotLens.direction(pilot.get(i).value()));
        }
      }
      if (!batch.isEmpty()) {
        model
            .tokenContributions(batch, directions.toArray(float[][]::new))
            .forEach(builder::addTokens);
      }
    }
    tokenImages.clear();
  }

  private void reference(List<CleanImage> images, List<Decomposition> parts) {
    endPilot();
    for (int i = 0; i < parts.size(); i++) {
      Decomposition image = parts.get(i);
      Reading reading = pilotLens.read(image);
      double score = pilotScreen == null ? 0 : pilotScreen.score(reading);
      if (pilotScreen != null && score > pilotScreen.limit()) {
        suspect(images.get(i).name(), score, pilotScreen.limit(), reading);
      } else {
        builder.add(image);
      }
    }
  }

  private void suspect(String name, double score, double limit, Reading reading) {
    suspects.add(new Suspect(name, true, score, limit, label(reading)));
  }

  private String label(Reading reading) {
    return classifier.map(c -> c.classes().get(reading.predicted())).orElse("");
  }

  private void endReference() {
    if (lens != null) {
      return;
    }
    endPilot();
    lens = new Lens(builder.build(), classifier);
    List<Reading> read = pilotReadings(lens);
    for (int i = 0; i < read.size(); i++) {
      readings.add(new Named<>(pilot.get(i).name(), read.get(i)));
    }
    pilot.clear();
  }

  private void fit(List<CleanImage> images, List<Decomposition> parts) {
    endReference();
    for (int i = 0; i < parts.size(); i++) {
      readings.add(new Named<>(images.get(i).name(), lens.read(parts.get(i))));
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
    List<Reading> clean = screened();
    fitted = clean.size();
    detectors =
        new DetectorFitting(
                settings.targetFalseQuarantine(),
                settings.epsilonQuantile(),
                settings.combination())
            .fit(lens.reference(), classifier, clean, readings.size() - clean.size());
    if (Double.isInfinite(detectors.threshold())) {
      requireEnough(Math.min(offered - skippedCount, settings.fewestImages() - 1), "usable");
    }
    detectors = detectors.withMargin(ROUNDING_SAFETY * rounding());
    trial = trials.apply(Calibration.of(content(Instant.EPOCH, Optional.empty())));
  }

  /** How much a deciding score changes with the batch that it was computed in. */
  private double rounding() {
    DetectorBank bank = new DetectorBank(detectors, classifier);
    List<Decomposition> together = model.decompose(roundingImages);
    double largest = 0;
    for (int i = 0; i < roundingImages.size(); i++) {
      Decomposition alone = model.decompose(List.of(roundingImages.get(i))).get(0);
      double change =
          bank.score(alone).deciding().score() - bank.score(together.get(i)).deciding().score();
      largest = Math.max(largest, Math.abs(change));
    }
    return largest;
  }

  /** Readings that look clean; the others become suspects. */
  private List<Reading> screened() {
    List<Reading> all = readings.stream().map(Named::value).toList();
    if (!settings.screened()) {
      return all;
    }
    Screen screen = Screen.fit(model.shape(), all, settings.combination());
    List<Reading> clean = new ArrayList<>(all.size());
    for (int i = 0; i < all.size(); i++) {
      if (screen.score(i) > screen.limit()) {
        suspect(readings.get(i).name(), screen.score(i), screen.limit(), all.get(i));
      } else {
        clean.add(all.get(i));
      }
    }
    return clean;
  }

  private void hold(List<CleanImage> images, List<RgbImage> pixels) {
    endFit();
    List<Trial.Outcome> outcomes = trial.judge(pixels);
    for (int i = 0; i < outcomes.size(); i++) {
      Trial.Outcome outcome = outcomes.get(i);
      heldOut++;
      flagged += outcome.flagged() ? 1 : 0;
      quarantined += outcome.quarantined() ? 1 : 0;
      if (outcome.flagged()) {
        suspects.add(
            new Suspect(
                images.get(i).name(),
                false,
                outcome.score(),
                detectors.threshold(),
                outcome.label()));
      }
    }
  }

  /** All images that do not look clean so far. */
  public List<Suspect> suspects() {
    return List.copyOf(suspects);
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

  /** Writes what was learnt so far, so that {@link #restore} can go on from here. */
  void write(CheckpointOutput out) throws IOException {
    out.longs(offered, skippedCount, duplicates, heldOut, flagged, quarantined);
    out.longs(seen.stream().mapToLong(Long::longValue).toArray());
    out.bytes(manifest.toByteArray());
    out.list(skipped, CheckpointOutput::text);
    out.list(suspects, CheckpointOutput::suspect);
    out.list(pilot, (o, image) -> o.text(image.name()).parts(image.value()));
    out.list(tokenImages, CheckpointOutput::image);
    out.list(roundingImages, CheckpointOutput::image);
    out.list(readings, (o, image) -> o.text(image.name()).reading(image.value()));
    out.flags(pilotLens != null, lens != null, detectors != null);
    if (pilotLens != null) {
      builder.write(out.data());
    }
  }

  /**
   * Takes over what {@link #write} wrote for the same model, settings and images. What follows from
   * it is computed again.
   */
  void restore(CheckpointInput in) throws IOException {
    long[] counts = in.longs();
    offered = counts[0];
    skippedCount = counts[1];
    duplicates = counts[2];
    heldOut = counts[3];
    flagged = counts[4];
    quarantined = counts[5];
    for (long hash : in.longs()) {
      seen.add(hash);
    }
    manifest.writeBytes(in.bytes());
    skipped.addAll(in.list(CheckpointInput::text));
    List<Suspect> found = in.list(CheckpointInput::suspect);
    pilot.addAll(in.list(i -> new Named<>(i.text(), i.parts(model.shape()))));
    tokenImages.addAll(in.list(CheckpointInput::image));
    roundingImages.addAll(in.list(CheckpointInput::image));
    readings.addAll(in.list(i -> new Named<>(i.text(), i.reading())));
    boolean[] ended = in.flags();
    if (ended[0]) {
      if (!ended[1]) {
        screenPilot();
      }
      builder.read(in.data());
    }
    if (ended[1]) {
      pilotLens = new Lens(builder.build(), classifier);
      lens = pilotLens;
    }
    if (ended[2]) {
      endFit();
    }
    suspects.clear();
    suspects.addAll(found);
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
            builder.count(),
            fitted,
            heldOut,
            builder.classesSeen(),
            suspects.stream().filter(Suspect::leftOut).count(),
            skipped,
            skippedCount,
            manifest.toByteArray()),
        suspects.stream().limit(CalibrationImages.LISTED).toList(),
        new Measured(heldOut, flagged, quarantined, settings.confidence()),
        detectors);
  }
}
