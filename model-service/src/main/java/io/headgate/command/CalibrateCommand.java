package io.headgate.command;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.headgate.calibration.Calibration;
import io.headgate.calibration.CalibrationKeys;
import io.headgate.calibration.CalibrationSettings;
import io.headgate.calibration.Calibrator;
import io.headgate.calibration.CleanImage;
import io.headgate.calibration.Measured;
import io.headgate.clip.ClipModel;
import io.headgate.console.Progress;
import io.headgate.console.UsageException;
import io.headgate.detection.DetectorFitting;
import io.headgate.guard.RepairPolicy;
import io.headgate.imaging.ImageLimits;
import io.headgate.imaging.ImagePreprocessor;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Random;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code headgate calibrate}: clean images in, a calibration out. */
@Command(
    name = "calibrate",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = {
      "Learns from clean images what a model's attention heads and MLPs do when nothing is wrong,"
          + " and sets the threshold for a false-quarantine rate you choose.",
      "",
      "The rate is then measured on images held out from the fit and stated with its upper bound."
          + " A rate of 1 %% at 95 %% confidence needs about 1,000 clean images.",
      "",
      "Example:",
      "  headgate calibrate --model models/vit-b-32 --images clean/ --out calibration.json"
    })
public final class CalibrateCommand implements Callable<Integer> {
  private static final int BATCH = 32;

  @Spec private CommandSpec spec;
  @Mixin private ModelOptions model;

  @Option(
      names = "--images",
      paramLabel = "DIR",
      description = "Folder of clean images, folders below included.")
  private Path images;

  @Option(
      names = "--out",
      paramLabel = "FILE",
      description =
          "Calibration to write: FILE (JSON, for people) and the same name with .safetensors (numbers).")
  private Path out;

  @Option(
      names = "--target-false-quarantine",
      paramLabel = "RATE",
      description = "Share of clean images that may be flagged. Default: 0.01.")
  private double target = 0.01;

  @Option(
      names = "--confidence",
      paramLabel = "LEVEL",
      description = "Confidence of the stated bounds. Default: 0.95.")
  private double confidence = 0.95;

  @Option(
      names = "--policy",
      paramLabel = "NAME",
      description =
          "Repair policy the quarantine rate is measured with: prune, paper, attribution or none. Default: prune.")
  private String policy = "prune";

  @Option(
      names = "--epsilon-quantile",
      paramLabel = "P",
      description =
          "Per-head quantile of clean similarities that becomes the paper's epsilon. Default: 0.05.")
  private double epsilonQuantile = 0.05;

  @Option(
      names = "--detectors",
      split = ",",
      paramLabel = "NAME",
      description = "Detectors that the deciding score combines, by name, separated by commas.")
  private List<String> detectors = DetectorFitting.defaultCombination();

  @Option(
      names = "--valid-days",
      paramLabel = "N",
      description = "Days until the calibration expires. Default: it does not.")
  private Integer validDays;

  @Option(
      names = "--sign-key",
      paramLabel = "PEM",
      description = "Ed25519 private key to sign with (openssl genpkey -algorithm ed25519).")
  private Path signKey;

  @Option(names = "--seed", paramLabel = "N", description = "Of the split. Default: 1.")
  private long seed = 1;

  @Option(names = "--json", description = "Print the result as JSON.")
  private boolean json;

  @Override
  public Integer call() throws IOException {
    require(model.present(), "--model DIR is missing");
    require(images != null, "--images DIR is missing");
    require(out != null, "--out FILE is missing");
    CalibrationSettings settings =
        new CalibrationSettings(target, confidence, epsilonQuantile, 0.3, detectors, seed);
    RepairPolicy repair = RepairPolicy.of(policy);
    Optional<java.security.PrivateKey> key =
        Optional.ofNullable(signKey).map(CalibrationKeys::privateKey);
    List<Path> files = new ArrayList<>(ImageFiles.list(images));
    Collections.shuffle(files, new Random(seed));
    Calibration calibration;
    try (ClipModel clip = model.open();
        ImageFiles reader =
            new ImageFiles(
                new ImagePreprocessor(ImageLimits.defaults()), clip.shape().imageSize());
        Progress progress = Progress.start("calibrating", files.size())) {
      Calibrator calibrator =
          new Calibrator(
              clip,
              clip.classifier(),
              "clip-bicubic-rgb/" + clip.shape().imageSize(),
              settings,
              files.size(),
              GuardTrial.of(clip, clip.classifier(), repair));
      reader.forEach(
          images,
          files,
          BATCH,
          loaded -> {
            List<CleanImage> clean = new ArrayList<>(loaded.size());
            for (ImageFiles.Loaded image : loaded) {
              if (image.pixels() == null) {
                calibrator.skip(image.name(), image.error());
              } else {
                clean.add(new CleanImage(image.name(), image.sha256(), image.pixels()));
              }
            }
            calibrator.accept(clean);
            progress.advance(loaded.size());
          });
      calibration =
          calibrator.finish(
              Instant.now().truncatedTo(ChronoUnit.SECONDS),
              Optional.ofNullable(validDays).map(Duration::ofDays));
    }
    Calibration signed = key.map(k -> CalibrationKeys.sign(calibration, k)).orElse(calibration);
    signed.save(out);
    report(signed);
    return 0;
  }

  private static void require(boolean present, String message) {
    if (!present) {
      throw new UsageException(message);
    }
  }

  private void report(Calibration calibration) throws IOException {
    PrintWriter to = spec.commandLine().getOut();
    Calibration.Content content = calibration.content();
    Measured measured = content.measured();
    if (json) {
      ObjectNode node = new ObjectMapper().createObjectNode();
      node.put("id", calibration.id())
          .put("file", out.toString())
          .put("images", content.images().total())
          .put("skipped", content.images().skippedCount())
          .put("heldOut", measured.images())
          .put("flagRate", measured.flagRate())
          .put("flagRateUpper", measured.flagRateUpper())
          .put("falseQuarantineRate", measured.quarantineRate())
          .put("falseQuarantineRateUpper", measured.quarantineRateUpper());
      to.println(node.toPrettyString());
    } else {
      to.printf(Locale.ROOT, "calibration  %s%n", calibration.id());
      to.printf(Locale.ROOT, "model        %s%n", calibration.modelFingerprint());
      to.printf(
          Locale.ROOT,
          "images       %,d used (%,d fitted on, %,d held out), %,d skipped%n",
          content.images().total(),
          content.images().fitted(),
          measured.images(),
          content.images().skippedCount());
      content.images().skipped().stream().limit(5).forEach(s -> to.println("  skipped    " + s));
      to.printf(
          Locale.ROOT,
          "flagged      %.2f %% of held-out clean images, at most %.2f %% at %.0f %% confidence (target %.2f %%)%n",
          100 * measured.flagRate(),
          100 * measured.flagRateUpper(),
          100 * measured.confidence(),
          100 * content.settings().targetFalseQuarantine());
      to.printf(
          Locale.ROOT,
          "quarantined  %.2f %% of them after repair by '%s', at most %.2f %%%n",
          100 * measured.quarantineRate(),
          RepairPolicy.of(policy).id(),
          100 * measured.quarantineRateUpper());
      to.printf(
          Locale.ROOT,
          "deciding     %s > %.3f%n",
          String.join(" + ", content.detectors().combination()),
          content.detectors().threshold());
      to.printf(Locale.ROOT, "written      %s%n", out);
    }
    to.flush();
  }
}
