package io.headgate.command.calibrate;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.headgate.calibration.Calibration;
import io.headgate.calibration.CalibrationKeys;
import io.headgate.clip.ClipModel;
import io.headgate.command.ImageFiles;
import io.headgate.command.ModelOptions;
import io.headgate.console.Console;
import io.headgate.console.Progress;
import io.headgate.console.UsageException;
import io.headgate.console.UserException;
import io.headgate.decomposition.Decomposition;
import io.headgate.detection.BinomialBound;
import io.headgate.detection.DetectorBank;
import io.headgate.detection.Drift;
import io.headgate.detection.FittedDetectors;
import io.headgate.detection.Score;
import io.headgate.detection.Scores;
import io.headgate.imaging.ImageLimits;
import io.headgate.imaging.ImagePreprocessor;
import io.headgate.imaging.RgbImage;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code headgate calibrate verify}. */
@Command(
    name = "verify",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = {
      "Tells whether a calibration still holds: intact, signed (with --calibration-key), not"
          + " expired, made for this model, and whether recent clean traffic still fits it.",
      "",
      "Traffic no longer fits when its images are flagged more often than the calibration states"
          + " (lower bound above the stated upper bound), or when the scores of a detector are"
          + " distributed otherwise than when it was calibrated (two-sample Kolmogorov-Smirnov test"
          + " at --significance over all detectors, and a distance of at least --tolerance)."
          + " Images that it was calibrated on are left out.",
      "",
      "Exit code 0: it holds. 1: it does not. Without images only the file is checked.",
      "",
      "Example:",
      "  headgate calibrate verify --calibration calibration.json --model models/vit-b-32"
          + " --topic headgate.images.clean.v1 --from 24h",
      ""
    })
final class VerifyCommand implements Callable<Integer> {
  private static final int BATCH = 32;
  private static final int FEWEST = 20;

  @Spec private CommandSpec spec;
  @Mixin private ModelOptions model;
  @Mixin private ImageInput input;

  @Option(
      names = "--calibration",
      required = true,
      paramLabel = "FILE",
      description = "Calibration to check.")
  private Path file;

  @Option(
      names = "--calibration-key",
      paramLabel = "PEM",
      description = "Ed25519 public key that must have signed it.")
  private Path key;

  @Option(
      names = "--significance",
      paramLabel = "P",
      description =
          "Probability of finding drift where there is none, all detectors together. Default: ${DEFAULT-VALUE}.")
  private double significance = 0.01;

  @Option(
      names = "--tolerance",
      paramLabel = "D",
      description =
          "Distance of the distribution functions that is never called drift, however many images there are. Default: ${DEFAULT-VALUE}.")
  private double tolerance = 0.1;

  @Option(names = "--json", description = "Print the result as JSON.")
  private boolean json;

  @Override
  public Integer call() throws IOException {
    if (!(significance > 0 && significance < 1)) {
      throw new UsageException(
          "--significance: %s (expected: between 0 and 1, both excluded)".formatted(significance));
    }
    if (!(tolerance >= 0 && tolerance < 1)) {
      throw new UsageException("--tolerance: %s (expected: 0 up to 1)".formatted(tolerance));
    }
    Calibration calibration =
        key == null
            ? Calibration.load(file)
            : Calibration.load(file, CalibrationKeys.publicKey(key));
    calibration.requireFresh(Instant.now());
    if (!model.present()) {
      if (input.present()) {
        throw new UsageException(
            "--model DIR is missing (expected: the model that the images go through)");
      }
      return report(calibration, null);
    }
    try (ClipModel clip = model.open()) {
      calibration.requireModel(clip.fingerprint(), clip.shape(), clip.classifier());
      if (!input.present()) {
        return report(calibration, null);
      }
      input.require();
      Recent recent = read(clip, calibration);
      if (recent.images < FEWEST) {
        throw new UserException(
            "recent images: %d to compare, %d that it was calibrated on, %d skipped (expected: at least %d that it has not seen)"
                .formatted(recent.images, recent.calibratedOn, recent.skipped, FEWEST));
      }
      return report(calibration, recent);
    }
  }

  /** What recent images showed. */
  private static final class Recent {
    final Map<String, List<Double>> scores = new LinkedHashMap<>();
    long images;
    long flagged;
    long notFinite;
    long skipped;
    long calibratedOn;
  }

  private Recent read(ClipModel clip, Calibration calibration) throws IOException {
    Recent recent = new Recent();
    DetectorBank bank = calibration.bank(clip.classifier());
    Set<ByteBuffer> calibratedOn = calibration.content().images().hashes();
    try (ImageFiles decoder =
            new ImageFiles(
                new ImagePreprocessor(ImageLimits.defaults()), clip.shape().imageSize());
        ImageSource images = input.open(decoder, 1, total -> new long[] {total});
        Progress progress = Progress.start("reading", images.size())) {
      images.forEach(
          0,
          BATCH,
          loaded -> {
            List<RgbImage> pixels = new ArrayList<>();
            for (ImageFiles.Loaded image : loaded) {
              if (image.pixels() == null) {
                recent.skipped++;
                progress.say("skipped " + image.name() + ": " + image.error());
              } else if (calibratedOn.contains(ByteBuffer.wrap(image.sha256()))) {
                recent.calibratedOn++; // looks more at home than any new image would
              } else {
                pixels.add(image.pixels());
              }
            }
            if (!pixels.isEmpty()) {
              clip.decompose(pixels).forEach(parts -> add(recent, bank, parts));
            }
            progress.advance(loaded.size());
          });
    }
    return recent;
  }

  private static void add(Recent recent, DetectorBank bank, Decomposition parts) {
    Scores scores = bank.score(parts);
    recent.images++;
    recent.flagged += scores.flagged() ? 1 : 0;
    for (Score score : scores.all()) {
      if (Double.isFinite(score.score())) {
        recent.scores.computeIfAbsent(score.detector(), d -> new ArrayList<>()).add(score.score());
      } else {
        recent.notFinite++;
      }
    }
  }

  private int report(Calibration calibration, Recent recent) {
    List<Drift> drifts = new ArrayList<>();
    boolean rateHolds = true;
    double lower = 0;
    if (recent != null) {
      for (FittedDetectors.Fitted fitted : calibration.detectors().detectors()) {
        double[] scores =
            recent.scores.getOrDefault(fitted.name(), List.of()).stream()
                .mapToDouble(Double::doubleValue)
                .toArray();
        if (scores.length > 0) {
          drifts.add(Drift.of(fitted, scores));
        }
      }
      lower =
          BinomialBound.lower(recent.flagged, recent.images, calibration.measured().confidence());
      rateHolds = lower <= calibration.measured().flagRateUpper() && recent.notFinite == 0;
    }
    double perDetector = significance / Math.max(1, drifts.size());
    List<Drift> drifted =
        drifts.stream().filter(d -> d.pValue() < perDetector && d.distance() >= tolerance).toList();
    boolean fits = rateHolds && drifted.isEmpty();
    PrintWriter out = spec.commandLine().getOut();
    if (json) {
      json(out, calibration, recent, lower, drifts, drifted, fits);
    } else {
      text(out, calibration, recent, lower, drifts, drifted, fits);
    }
    out.flush();
    return fits ? Console.OK : Console.FAILED;
  }

  private void text(
      PrintWriter out,
      Calibration calibration,
      Recent recent,
      double lower,
      List<Drift> drifts,
      List<Drift> drifted,
      boolean fits) {
    out.printf(
        "calibration  %s: intact, made %s, expires %s%s%n",
        calibration.id(),
        calibration.content().createdAt(),
        calibration.content().expiresAt().map(Instant::toString).orElse("never"),
        key == null ? "" : ", signed by " + key);
    if (model.present()) {
      out.printf("model        %s: the one it was made for%n", calibration.modelFingerprint());
    }
    if (recent == null) {
      return;
    }
    out.printf(
        Locale.ROOT,
        "flagged      %.2f %% of %,d recent images (at least %.2f %% at %.0f %% confidence); stated: at most %.2f %%; %,d skipped, %,d it was calibrated on%n",
        100.0 * recent.flagged / recent.images,
        recent.images,
        100 * lower,
        100 * calibration.measured().confidence(),
        100 * calibration.measured().flagRateUpper(),
        recent.skipped,
        recent.calibratedOn);
    for (Drift drift : drifts) {
      out.printf(
          Locale.ROOT,
          "  %-22s distance %.3f  p %.2g%s%n",
          drift.detector(),
          drift.distance(),
          drift.pValue(),
          drifted.contains(drift) ? "  drifted" : "");
    }
    out.println(
        fits
            ? "fits         yes"
            : "fits         NO — calibrate again on recent clean images, or find out what has changed");
  }

  private void json(
      PrintWriter out,
      Calibration calibration,
      Recent recent,
      double lower,
      List<Drift> drifts,
      List<Drift> drifted,
      boolean fits) {
    ObjectNode node = new ObjectMapper().createObjectNode();
    node.put("id", calibration.id());
    node.put("fits", fits);
    if (recent != null) {
      node.put("images", recent.images)
          .put("skipped", recent.skipped)
          .put("calibratedOn", recent.calibratedOn)
          .put("notFinite", recent.notFinite)
          .put("flagRate", (double) recent.flagged / recent.images)
          .put("flagRateLower", lower)
          .put("statedFlagRateUpper", calibration.measured().flagRateUpper());
      ArrayNode list = node.putArray("detectors");
      for (Drift drift : drifts) {
        list.addObject()
            .put("name", drift.detector())
            .put("distance", drift.distance())
            .put("pValue", drift.pValue())
            .put("drifted", drifted.contains(drift));
      }
    }
    out.println(node.toPrettyString());
  }
}
