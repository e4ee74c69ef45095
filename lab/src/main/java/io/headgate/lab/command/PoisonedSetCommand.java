package io.headgate.lab.command;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.headgate.calibration.CalibrationSettings;
import io.headgate.clip.ClipModel;
import io.headgate.command.ModelOptions;
import io.headgate.console.Console;
import io.headgate.console.Progress;
import io.headgate.console.UserException;
import io.headgate.imaging.RgbImage;
import io.headgate.lab.evaluation.FolderPictures;
import io.headgate.lab.evaluation.PoisonedSet;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code headgate lab poisoned-set}. */
@Command(
    name = "poisoned-set",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = {
      "Measures what poison in the calibration set does to detection, with self-screening and"
          + " without: triggered pictures are hidden among the clean ones, and detection is tested"
          + " on others.",
      "",
      "Example:",
      "  headgate lab poisoned-set --model reference/models/badnet8"
          + " --images reference/images/clean-validation --clean reference/images/clean-test"
          + " --triggered reference/images/triggered-badnet8",
      ""
    })
final class PoisonedSetCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;
  @Mixin private ModelOptions model;

  @Option(
      names = "--images",
      required = true,
      paramLabel = "DIR",
      description = "Clean pictures to calibrate on.")
  private Path images;

  @Option(
      names = "--clean",
      required = true,
      paramLabel = "DIR",
      description = "Other clean pictures, to test on.")
  private Path clean;

  @Option(
      names = "--triggered",
      required = true,
      paramLabel = "DIR",
      description = "Triggered pictures: some become poison, the others test detection.")
  private Path triggered;

  @Option(
      names = "--shares",
      split = ",",
      paramLabel = "SHARE",
      description = "Shares of poison in the calibration set. Default: ${DEFAULT-VALUE}.")
  private List<Double> shares = List.of(0.0, 0.005, 0.01, 0.05);

  @Option(names = "--json", description = "Print the rows as JSON.")
  private boolean json;

  @Override
  public Integer call() throws IOException {
    for (double share : shares) {
      if (!(share >= 0 && share < 0.5)) {
        throw new UserException("share: %s (expected: 0 up to 0.5)".formatted(share));
      }
    }
    List<PoisonedSet.Row> rows = new ArrayList<>();
    try (ClipModel clip = model.open();
        Progress progress = Progress.start("calibrating", 2L * shares.size())) {
      int side = clip.shape().imageSize();
      PoisonedSet set =
          new PoisonedSet(
              clip,
              clip.classifier(),
              CalibrationSettings.defaults(),
              pictures(images, side),
              pictures(clean, side),
              pictures(triggered, side));
      for (double share : shares) {
        for (boolean screened : new boolean[] {false, true}) {
          rows.add(set.measure(share, screened));
          progress.advance(1);
        }
      }
    } catch (IllegalArgumentException e) {
      throw new UserException(e.getMessage(), e);
    }
    print(rows);
    return Console.OK;
  }

  private static List<RgbImage> pictures(Path folder, int side) throws IOException {
    List<RgbImage> all = new ArrayList<>();
    new FolderPictures(folder.toString(), folder, side, List.of())
        .forEach(32, batch -> batch.forEach(picture -> all.add(picture.pixels())));
    return all;
  }

  private void print(List<PoisonedSet.Row> rows) throws IOException {
    PrintWriter out = spec.commandLine().getOut();
    if (json) {
      out.println(new ObjectMapper().writerWithDefaultPrettyPrinter().writeValueAsString(rows));
    } else {
      out.println(
          "| poison | screened | poisoned pictures named | clean ones left out | AUROC | TPR | FPR |");
      out.println("|---|---|---|---|---|---|---|");
      for (PoisonedSet.Row row : rows) {
        out.printf(
            Locale.ROOT,
            "| %.1f %% | %s | %d of %d | %d | %.3f | %.3f | %.3f |%n",
            100 * row.share(),
            row.screened() ? "yes" : "no",
            row.named(),
            row.poison(),
            row.cleanLeftOut(),
            row.auroc(),
            row.tpr(),
            row.fpr());
      }
    }
    out.flush();
  }
}
