package io.headgate.lab.command;

import io.headgate.calibration.Calibration;
import io.headgate.calibration.CalibrationSettings;
import io.headgate.clip.ClipModel;
import io.headgate.clip.ClipOptions;
import io.headgate.command.GuardTrial;
import io.headgate.console.Console;
import io.headgate.console.UserException;
import io.headgate.guard.RepairPolicy;
import io.headgate.lab.evaluation.Calibrating;
import io.headgate.lab.evaluation.FolderPictures;
import io.headgate.lab.report.LabReport;
import io.headgate.lab.report.Subject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** {@code headgate lab report}. */
@Command(
    name = "report",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = {
      "Writes one HTML page about backdoored models: where the infection sits, how well it is found"
          + " and repaired, and whether the paper's findings hold.",
      "",
      "Without --model it takes the reference models and their pictures."
    },
    footer = {
      "",
      "  headgate lab report --out report",
      "  headgate lab report --model poisoned --calibration calibration.json --clean clean-test"
          + " --triggered triggered-badnet8 --target banana --out report"
    })
final class ReportCommand implements Callable<Integer> {
  @Option(names = "--out", required = true, paramLabel = "DIR", description = "Folder to write to.")
  private Path out;

  @Option(
      names = "--reference",
      paramLabel = "DIR",
      description = "Folder of reference models and pictures (default: the one that came along).")
  private Path reference;

  @Option(names = "--model", paramLabel = "DIR", description = "Your own model.")
  private Path model;

  @Option(
      names = "--calibration",
      paramLabel = "FILE",
      description = "Of your own model, from 'headgate calibrate'.")
  private Path calibration;

  @Option(names = "--clean", paramLabel = "DIR", description = "Your clean test pictures.")
  private Path clean;

  @Option(names = "--triggered", paramLabel = "DIR", description = "Your triggered pictures.")
  private Path triggered;

  @Option(
      names = "--target",
      paramLabel = "NAME",
      description = "Class that the backdoor leads to (default: what classes.json says).")
  private String target;

  @Option(
      names = "--images",
      description = "Pictures of each kind whose parts are looked at (default: ${DEFAULT-VALUE}).")
  private int images = 200;

  @Option(names = "--threads", description = "Cores to use (default: all).")
  private int threads;

  @Override
  public Integer call() throws IOException {
    if (images < 10) {
      throw new UserException("--images %d (expected: at least 10)".formatted(images));
    }
    LabReport report = new LabReport(images);
    if (model != null) {
      if (calibration == null || clean == null || triggered == null) {
        throw new UserException("--model needs --calibration, --clean and --triggered as well");
      }
      try (ClipModel clip = open(model)) {
        report.add(subject(clip, model, Calibration.load(calibration), clean, triggered));
      }
    } else {
      Path root = ReferenceFolder.find(reference);
      Path pictures = root.resolve("images");
      for (Path folder : models(root)) {
        Path attack = pictures.resolve("triggered-" + folder.getFileName());
        if (!Files.isDirectory(attack)) {
          continue;
        }
        try (ClipModel clip = open(folder)) {
          Calibration fitted =
              Calibrating.run(
                  clip,
                  clip.classifier(),
                  CalibrationSettings.defaults(),
                  GuardTrial.of(clip, clip.classifier(), RepairPolicy.PRUNE),
                  pictures(clip, pictures.resolve("clean-validation"), "validation"),
                  Instant.now().truncatedTo(ChronoUnit.SECONDS));
          report.add(subject(clip, folder, fitted, pictures.resolve("clean-test"), attack));
        }
      }
    }
    System.out.println(report.write(out));
    return Console.OK;
  }

  private ClipModel open(Path folder) {
    return ClipModel.open(folder, ClipOptions.defaults().withThreads(threads));
  }

  private static List<Path> models(Path root) throws IOException {
    Path folder = root.resolve("models");
    if (!Files.isDirectory(folder)) {
      throw new UserException(
          "%s: no such folder (expected: reference models, or name your own with --model)"
              .formatted(folder));
    }
    List<Path> models = new ArrayList<>();
    try (Stream<Path> list = Files.list(folder)) {
      list.filter(Files::isDirectory).sorted().forEach(models::add);
    }
    return models;
  }

  private Subject subject(
      ClipModel clip, Path folder, Calibration fitted, Path cleanFolder, Path attack)
      throws IOException {
    String aim =
        target != null
            ? target
            : clip.classes()
                .flatMap(c -> c.target())
                .orElseThrow(
                    () ->
                        new UserException(
                            "--target NAME is missing, and %s/classes.json names none"
                                .formatted(folder)));
    return new Subject(
        folder.toAbsolutePath().normalize().getFileName().toString(),
        clip,
        fitted,
        pictures(clip, cleanFolder, "clean"),
        pictures(clip, attack, FolderPictures.attackName(attack)),
        aim);
  }

  private static FolderPictures pictures(ClipModel clip, Path folder, String name)
      throws IOException {
    return new FolderPictures(
        name,
        folder,
        clip.shape().imageSize(),
        clip.classifier()
            .orElseThrow(() -> new UserException("the model has no classes.json"))
            .classes());
  }
}
