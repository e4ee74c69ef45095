package io.headgate.command.calibrate;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.headgate.calibration.Calibration;
import io.headgate.calibration.CalibrationCheckpoint;
import io.headgate.calibration.CalibrationException;
import io.headgate.calibration.CalibrationKeys;
import io.headgate.calibration.CalibrationSettings;
import io.headgate.calibration.Calibrator;
import io.headgate.calibration.CleanImage;
import io.headgate.calibration.Measured;
import io.headgate.calibration.Stages;
import io.headgate.calibration.Suspect;
import io.headgate.clip.ClipModel;
import io.headgate.command.GuardTrial;
import io.headgate.command.ImageFiles;
import io.headgate.command.ModelOptions;
import io.headgate.console.Console;
import io.headgate.console.Progress;
import io.headgate.console.UsageException;
import io.headgate.console.UserException;
import io.headgate.detection.BinomialBound;
import io.headgate.detection.DetectorFitting;
import io.headgate.guard.RepairPolicy;
import io.headgate.imaging.ImageLimits;
import io.headgate.imaging.ImagePreprocessor;
import io.headgate.serving.CalibrationPublisher;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.PrivateKey;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
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
    subcommands = {
      VerifyCommand.class,
      DiffCommand.class,
      KeygenCommand.class,
      SignCommand.class,
      PublishCommand.class
    },
    description = {
      "Learns from clean images what a model's attention heads and MLPs do when nothing is wrong,"
          + " and sets the threshold for a false-quarantine rate you choose.",
      "",
      "The rate is then measured on images held out from the fit and stated with its upper bound."
          + " A rate of 1 %% at 95 %% confidence needs about 1,000 clean images. Images that do not"
          + " look like the others are left out of the fit and listed: look at them.",
      "",
      "An interrupted run goes on where it was when the same command is given again.",
      "",
      "Examples:",
      "  headgate calibrate --model models/vit-b-32 --images clean/ --out calibration.json",
      "  headgate calibrate --model models/vit-b-32 --topic headgate.images.clean.v1 --from 7d"
          + " --out calibration.json --publish",
      ""
    })
public final class CalibrateCommand implements Callable<Integer> {
  private static final int BATCH = 32;
  private static final double TOO_UNLIKELY = 0.01;
  private static final Duration CHECKPOINT_EVERY = Duration.ofSeconds(10);

  /** Beside FILE while a run is under way. */
  static final String CHECKPOINT = ".checkpoint";

  @Spec private CommandSpec spec;
  @Mixin private ModelOptions model;
  @Mixin private ImageInput input;

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
  private double epsilonQuantile = CalibrationSettings.defaults().epsilonQuantile();

  @Option(
      names = "--detectors",
      split = ",",
      paramLabel = "NAME",
      description =
          "Detectors that the deciding score combines; docs/detection.md lists them. Default: ${DEFAULT-VALUE}.")
  private List<String> detectors = DetectorFitting.defaultCombination();

  @Option(
      names = "--keep-suspects",
      description =
          "Fit on all images, those that do not look like the others included. Only for images that were all looked at.")
  private boolean keepSuspects;

  @Option(
      names = "--valid-days",
      paramLabel = "N",
      description = "Days until the calibration expires. Default: it does not.")
  private Integer validDays;

  @Option(
      names = "--sign-key",
      paramLabel = "PEM",
      description = "Ed25519 private key to sign with; make one with 'headgate calibrate keygen'.")
  private Path signKey;

  @Option(
      names = "--publish",
      description = "Also write it to the compacted topic that services follow.")
  private boolean publish;

  @Option(
      names = "--calibrations-topic",
      paramLabel = "NAME",
      description = "That topic. Default: ${DEFAULT-VALUE}.")
  private String calibrationsTopic = CalibrationPublisher.TOPIC;

  @Option(
      names = "--seed",
      paramLabel = "N",
      description = "Of the choice of images held out. Default: 1.")
  private long seed = 1;

  @Option(names = "--json", description = "Print the result as JSON.")
  private boolean json;

  @Override
  public Integer call() throws IOException {
    require(model.present(), "--model DIR is missing");
    input.require();
    require(out != null, "--out FILE is missing");
    require(
        validDays == null || validDays > 0, "--valid-days %s: not positive".formatted(validDays));
    CalibrationSettings settings = settings();
    RepairPolicy repair = RepairPolicy.of(policy);
    Optional<PrivateKey> key = Optional.ofNullable(signKey).map(CalibrationKeys::privateKey);
    if (publish) { // before the work, not after it
      CalibrationPublisher.requireTopic(input.kafka(), calibrationsTopic);
    }
    Fitted fitted = fit(settings, repair);
    Calibration signed =
        key.map(k -> CalibrationKeys.sign(fitted.calibration(), k)).orElse(fitted.calibration());
    signed.save(out);
    Files.deleteIfExists(checkpoint());
    Optional<Path> suspects = write(fitted.suspects());
    if (publish) {
      CalibrationPublisher.publish(input.kafka(), calibrationsTopic, signed);
    }
    report(signed, fitted.suspects(), suspects);
    return Console.OK;
  }

  private static void require(boolean present, String message) {
    if (!present) {
      throw new UsageException(message);
    }
  }

  private CalibrationSettings settings() {
    try {
      return new CalibrationSettings(
          target,
          confidence,
          epsilonQuantile,
          CalibrationSettings.defaults().heldOutShare(),
          detectors,
          !keepSuspects,
          seed);
    } catch (CalibrationException e) {
      throw new UsageException(e.getMessage());
    }
  }

  private Path checkpoint() {
    return out.resolveSibling(out.getFileName() + CHECKPOINT);
  }

  private record Fitted(Calibration calibration, List<Suspect> suspects) {}

  private Fitted fit(CalibrationSettings settings, RepairPolicy repair) throws IOException {
    if (out.toAbsolutePath().getParent() != null) {
      Files.createDirectories(out.toAbsolutePath().getParent());
    }
    try (ClipModel clip = model.open();
        ImageFiles decoder =
            new ImageFiles(
                new ImagePreprocessor(ImageLimits.defaults()), clip.shape().imageSize());
        ImageSource images =
            input.open(
                decoder,
                seed,
                total -> {
                  Stages stages = Stages.of(total, settings, clip.shape());
                  return new long[] {
                    stages.pilot(), stages.reference(), stages.fit(), stages.total()
                  };
                })) {
      Calibrator calibrator =
          new Calibrator(
              clip,
              clip.classifier(),
              "clip-bicubic-rgb/" + clip.shape().imageSize(),
              settings,
              images.size(),
              GuardTrial.of(clip, clip.classifier(), repair));
      CalibrationCheckpoint checkpoint =
          new CalibrationCheckpoint(
              checkpoint(),
              String.join(
                  "\n", clip.fingerprint(), settings.toString(), policy, images.identity()));
      resume(checkpoint, calibrator, images.size());
      run(images, calibrator, checkpoint);
      Calibration calibration =
          calibrator.finish(
              Instant.now().truncatedTo(ChronoUnit.SECONDS),
              Optional.ofNullable(validDays).map(Duration::ofDays));
      return new Fitted(calibration, calibrator.suspects());
    }
  }

  private void resume(CalibrationCheckpoint checkpoint, Calibrator calibrator, long total)
      throws IOException {
    PrintWriter err = spec.commandLine().getErr();
    switch (checkpoint.restore(calibrator)) {
      case THIS_RUN ->
          err.printf(
              Locale.ROOT,
              "going on after %,d of %,d images, as of %s%n",
              calibrator.offered(),
              total,
              checkpoint());
      case ANOTHER_RUN ->
          err.printf(
              "%s is of another run (other images, model or settings): starting from the beginning%n",
              checkpoint());
      case DAMAGED -> err.printf("%s is damaged: starting from the beginning%n", checkpoint());
      case NOTHING -> {}
    }
    err.flush();
  }

  private void run(ImageSource images, Calibrator calibrator, CalibrationCheckpoint checkpoint)
      throws IOException {
    Saving saving = new Saving(calibrator, checkpoint);
    try (Progress progress = Progress.start("calibrating", images.size());
        Interruption interruption = new Interruption()) {
      progress.advance(calibrator.offered());
      try {
        images.forEach(
            calibrator.offered(),
            BATCH,
            loaded -> {
              saving.step(() -> take(calibrator, loaded));
              progress.advance(loaded.size());
              if (interruption.requested()) {
                throw new UserException(
                    "interrupted after %,d of %,d images — give the same command again to go on"
                        .formatted(calibrator.offered(), images.size()));
              }
            });
      } catch (RuntimeException | IOException e) {
        saving.saveIfConsistent();
        throw e;
      }
    }
  }

  /** Saves the run now and then, and never in the middle of a step. */
  private static final class Saving {
    private final Calibrator calibrator;
    private final CalibrationCheckpoint checkpoint;
    private long savedAt = System.nanoTime();
    private long saved;
    private boolean consistent = true;

    Saving(Calibrator calibrator, CalibrationCheckpoint checkpoint) {
      this.calibrator = calibrator;
      this.checkpoint = checkpoint;
      this.saved = calibrator.offered();
    }

    void step(Runnable step) {
      consistent = false;
      step.run();
      consistent = true;
      if (System.nanoTime() - savedAt > CHECKPOINT_EVERY.toNanos()) {
        saveIfConsistent();
        savedAt = System.nanoTime();
      }
    }

    void saveIfConsistent() {
      if (consistent && calibrator.offered() > saved) {
        try {
          checkpoint.save(calibrator);
          saved = calibrator.offered();
        } catch (IOException e) {
          throw new UserException("checkpoint cannot be written: " + e, e);
        }
      }
    }
  }

  private static void take(Calibrator calibrator, List<ImageFiles.Loaded> loaded) {
    List<CleanImage> clean = new ArrayList<>(loaded.size());
    for (ImageFiles.Loaded image : loaded) {
      if (image.pixels() == null) {
        calibrator.skip(image.name(), image.error());
      } else {
        clean.add(new CleanImage(image.name(), image.sha256(), image.pixels()));
      }
    }
    calibrator.accept(clean);
  }

  /** Writes the suspects, worst first, in the form that {@code --exclude} reads. */
  private Optional<Path> write(List<Suspect> suspects) throws IOException {
    String name = out.getFileName().toString();
    Path file =
        out.resolveSibling(
            (name.endsWith(".json") ? name.substring(0, name.length() - 5) : name)
                + ".suspects.tsv");
    if (suspects.isEmpty()) {
      Files.deleteIfExists(file); // of a run before
      return Optional.empty();
    }
    List<String> lines = new ArrayList<>();
    lines.add("# image\tscore / limit\tlabel\tused for");
    suspects.stream()
        .sorted(Comparator.comparingDouble((Suspect s) -> -s.score() / s.limit()))
        .forEach(
            s ->
                lines.add(
                    String.format(
                        Locale.ROOT,
                        "%s\t%.2f\t%s\t%s",
                        s.name(),
                        s.score() / s.limit(),
                        s.label(),
                        s.leftOut() ? "nothing: left out" : "measuring: a false alarm")));
    Files.write(file, lines);
    return Optional.of(file);
  }

  private void report(Calibration calibration, List<Suspect> suspects, Optional<Path> list)
      throws IOException {
    PrintWriter to = spec.commandLine().getOut();
    Calibration.Content content = calibration.content();
    Measured measured = content.measured();
    boolean met =
        BinomialBound.excess(
                measured.flagged(),
                measured.images(),
                content.images().fitted(),
                content.settings().targetFalseQuarantine())
            > TOO_UNLIKELY;
    if (json) {
      ObjectNode node = new ObjectMapper().createObjectNode();
      node.put("id", calibration.id())
          .put("file", out.toString())
          .put("images", content.images().total())
          .put("skipped", content.images().skippedCount())
          .put("leftOut", content.images().leftOut())
          .put("suspects", suspects.size())
          .put("suspectsFile", list.map(Path::toString).orElse(null))
          .put("classesSeen", content.images().classesSeen())
          .put("heldOut", measured.images())
          .put("flagRate", measured.flagRate())
          .put("flagRateUpper", measured.flagRateUpper())
          .put("targetRate", content.settings().targetFalseQuarantine())
          .put("targetMet", met)
          .put("falseQuarantineRate", measured.quarantineRate())
          .put("falseQuarantineRateUpper", measured.quarantineRateUpper())
          .put("published", publish ? calibrationsTopic : null);
      to.println(node.toPrettyString());
    } else {
      to.printf(Locale.ROOT, "calibration  %s%n", calibration.id());
      to.printf(Locale.ROOT, "model        %s%n", calibration.modelFingerprint());
      to.printf(
          Locale.ROOT,
          "images       %,d used (%,d fitted on, %,d held out, %,d left out), %,d skipped%n",
          content.images().total(),
          content.images().fitted(),
          measured.images(),
          content.images().leftOut(),
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
      list.ifPresent(
          file ->
              to.printf(
                  Locale.ROOT,
                  "suspects     %,d that do not look like the others: %s%n",
                  suspects.size(),
                  file));
      to.printf(
          Locale.ROOT,
          "written      %s%s%n",
          out,
          publish ? ", published to " + calibrationsTopic : "");
    }
    to.flush();
    warn(calibration, met, list);
  }

  private void warn(Calibration calibration, boolean met, Optional<Path> list) {
    PrintWriter err = spec.commandLine().getErr();
    int classes = calibration.content().classes().size();
    int seen = calibration.content().images().classesSeen();
    if (classes > 1 && seen < (classes + 1) / 2) {
      err.printf(
          "warning: the images were predicted as %d of %d classes only; images of the others will be flagged more often than stated (expected: images as the pipeline sees them)%n",
          seen, classes);
    }
    if (!met) {
      err.printf(
          "warning: held-out images were flagged more often than asked for; the set is not of one kind, or holds images that are not clean: look at %s, leave them out with --exclude, and calibrate again%n",
          list.map(Path::toString).orElse("the images"));
    }
    err.flush();
  }
}
