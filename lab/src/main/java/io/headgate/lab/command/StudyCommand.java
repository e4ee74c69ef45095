package io.headgate.lab.command;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import io.headgate.calibration.CalibrationSettings;
import io.headgate.clip.ClipModel;
import io.headgate.clip.ClipOptions;
import io.headgate.console.Console;
import io.headgate.console.UserException;
import io.headgate.lab.attacks.Attack;
import io.headgate.lab.evaluation.Study;
import io.headgate.lab.scenes.Scenes;
import io.headgate.lab.training.PlantedAttacks;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code headgate lab study}. */
@Command(
    name = "study",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = {
      "Measures several models of the lab, each under the attacks planted in it, and holds them to"
          + " the project's targets.",
      "",
      "Each is calibrated on pictures of its own split; clean and triggered test pictures are"
          + " disjoint from those and from what was trained on. Writes study.md and study.json."
    })
final class StudyCommand implements Callable<Integer> {
  @Parameters(
      arity = "1..*",
      paramLabel = "MODEL",
      description = "Folders that 'headgate lab poison' wrote.")
  private List<Path> models;

  @Option(names = "--out", required = true, paramLabel = "DIR", description = "Folder to write to.")
  private Path out;

  @Option(
      names = "--images",
      description = "Test pictures, clean and triggered each (default: ${DEFAULT-VALUE}).")
  private int images = 1000;

  @Option(
      names = "--calibration-images",
      description = "Pictures to calibrate on (default: ${DEFAULT-VALUE}).")
  private int calibrationImages = 2000;

  @Option(
      names = "--no-baselines",
      description = "Leave out STRIP and contrastive prompting, which cost eight more passes.")
  private boolean noBaselines;

  @Option(names = "--threads", description = "Cores to use (default: all).")
  private int threads;

  @Override
  public Integer call() throws IOException {
    Study study = null;
    int side = 0;
    for (Path folder : models) {
      List<Attack> attacks = PlantedAttacks.of(folder);
      if (attacks.isEmpty()) {
        throw new UserException(
            "%s: a clean model (expected: one that 'headgate lab poison' wrote)".formatted(folder));
      }
      try (ClipModel model = ClipModel.open(folder, ClipOptions.defaults().withThreads(threads))) {
        if (study == null) {
          side = model.shape().imageSize();
          study =
              new Study(
                  Scenes.ofSide(side),
                  CalibrationSettings.defaults(),
                  calibrationImages,
                  images,
                  !noBaselines);
        } else if (side != model.shape().imageSize()) {
          throw new UserException(
              "%s: image size %d (expected: %d, as of the first model)"
                  .formatted(folder, model.shape().imageSize(), side));
        }
        String target =
            model
                .classes()
                .flatMap(c -> c.target())
                .orElseThrow(
                    () -> new UserException("%s: classes.json names no target".formatted(folder)));
        study.add(
            folder.toAbsolutePath().normalize().getFileName().toString(), model, target, attacks);
        write(study);
      }
    }
    System.out.println(study.markdown());
    return Console.OK;
  }

  /** After every model, so that an interruption loses one at most. */
  private void write(Study study) throws IOException {
    Files.createDirectories(out);
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("rows", study.rows());
    json.put("targets", study.targets());
    new ObjectMapper()
        .enable(SerializationFeature.INDENT_OUTPUT)
        .writeValue(out.resolve("study.json").toFile(), json);
    Files.writeString(out.resolve("study.md"), study.markdown());
  }
}
