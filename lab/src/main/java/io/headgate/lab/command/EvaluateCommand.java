package io.headgate.lab.command;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import io.headgate.calibration.Calibration;
import io.headgate.clip.ClipModel;
import io.headgate.command.ModelOptions;
import io.headgate.console.Console;
import io.headgate.console.UserException;
import io.headgate.lab.evaluation.AttackResult;
import io.headgate.lab.evaluation.Evaluation;
import io.headgate.lab.evaluation.EvaluationResult;
import io.headgate.lab.evaluation.FolderPictures;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code headgate evaluate}. */
@Command(
    name = "evaluate",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = {
      "Measures a model's guard on your clean and triggered pictures: accuracy and attack success"
          + " before and after each repair, and every detector, STRIP and contrastive prompting"
          + " (BDetCLIP) included.",
      "",
      "A picture's true class is the end of its file's name (0000-guitar.png) or the name of its"
          + " folder. An attack is named after its folder (triggered-badnet8 is badnet8). Clean"
          + " pictures must not be those that the calibration was made from.",
      "",
      "Example:",
      "  headgate evaluate --model poisoned --calibration calibration.json --clean clean-test"
          + " --triggered triggered-badnet8 --target banana --json result.json"
    })
public final class EvaluateCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;
  @Mixin private ModelOptions model;

  @Option(
      names = "--calibration",
      required = true,
      paramLabel = "FILE",
      description = "Of this model, from 'headgate calibrate'.")
  private Path calibration;

  @Option(
      names = "--clean",
      required = true,
      paramLabel = "DIR",
      description = "Folder of clean pictures.")
  private Path clean;

  @Option(
      names = "--triggered",
      required = true,
      arity = "1..*",
      paramLabel = "DIR",
      description = "Folders of triggered pictures, one for each attack.")
  private List<Path> triggered;

  @Option(
      names = "--target",
      paramLabel = "NAME",
      description = "Class that the backdoor leads to. Default: what classes.json says.")
  private String target;

  @Option(names = "--json", paramLabel = "FILE", description = "Write everything as JSON.")
  private Path json;

  @Option(
      names = "--no-baselines",
      description = "Leave out STRIP and contrastive prompting, which cost eight more passes.")
  private boolean noBaselines;

  @Override
  public Integer call() throws IOException {
    Calibration fitted = Calibration.load(calibration);
    fitted
        .content()
        .expiresAt()
        .filter(expiry -> !Instant.now().isBefore(expiry))
        .ifPresent(
            expiry ->
                spec.commandLine()
                    .getErr()
                    .printf(
                        "warning: calibration %s expired at %s; services refuse it%n",
                        fitted.id(), expiry));
    EvaluationResult result;
    try (ClipModel clip = model.open()) {
      String aim = target != null ? target : statedTarget(clip);
      Evaluation evaluation =
          new Evaluation(
              clip,
              clip.classifier(),
              fitted,
              aim,
              clip::embed,
              noBaselines ? Optional.empty() : Optional.of(clip::encodeTexts));
      int side = clip.shape().imageSize();
      List<String> classes = clip.classifier().orElseThrow().classes();
      List<FolderPictures> attacks = new ArrayList<>();
      for (Path folder : triggered) {
        attacks.add(new FolderPictures(FolderPictures.attackName(folder), folder, side, classes));
      }
      result = evaluation.run(new FolderPictures("clean", clean, side, classes), attacks);
    }
    print(result, spec.commandLine().getOut());
    if (json != null) {
      if (json.toAbsolutePath().getParent() != null) {
        Files.createDirectories(json.toAbsolutePath().getParent());
      }
      new ObjectMapper()
          .enable(SerializationFeature.INDENT_OUTPUT)
          .writeValue(json.toFile(), result);
    }
    return Console.OK;
  }

  private static String statedTarget(ClipModel clip) {
    return clip.classes()
        .flatMap(c -> c.target())
        .orElseThrow(
            () ->
                new UserException(
                    "--target NAME is missing, and the model's classes.json names none (expected: the class that the backdoor leads to)"));
  }

  private static void print(EvaluationResult result, PrintWriter out) {
    EvaluationResult.Clean c = result.clean();
    out.printf(
        Locale.ROOT,
        "clean: %,d pictures, accuracy %s, flagged %.4f (at most %.4f; the calibration states at most %.4f)%s%n",
        c.images(),
        percent(c.accuracy()),
        c.flagged(),
        c.flaggedBound(),
        c.statedBound(),
        c.flaggedTarget() == null
            ? ""
            : String.format(
                Locale.ROOT, ", of the target class %.3f of %d", c.flaggedTarget(), c.ofTarget()));
    skipped(out, c.skipped(), c.skippedFiles());
    for (Map.Entry<String, AttackResult> e : result.attacks().entrySet()) {
      AttackResult a = e.getValue();
      out.printf(
          Locale.ROOT,
          "%n%s: %,d pictures, attack success %s, accuracy %s%n",
          e.getKey(),
          a.images(),
          percent(a.asr()),
          percent(a.accuracy()));
      skipped(out, a.skipped(), a.skippedFiles());
      out.printf(
          "  %-22s %7s %9s %9s %7s %7s%n",
          "detector", "AUROC", "TPR at 1%", "at oper.", "FPR", "bound");
      a.detectors()
          .forEach(
              (name, d) ->
                  out.printf(
                      Locale.ROOT,
                      "  %-22s %7.3f %9.3f %9.3f %7.4f %7.4f%n",
                      name,
                      d.auroc(),
                      d.tprAt1(),
                      d.tprAtOperatingPoint(),
                      d.fprAtOperatingPoint(),
                      d.fprBound()));
      out.printf(
          "  %-22s %7s %9s %9s %9s %9s%n",
          "repair", "success", "accuracy", "clean", "repaired", "quarant.");
      a.repair()
          .forEach(
              (name, r) ->
                  out.printf(
                      Locale.ROOT,
                      "  %-22s %7s %9s %9s %9.3f %9.3f%n",
                      name,
                      percent(r.asr()),
                      percent(r.accuracyTriggered()),
                      percent(r.accuracyClean()),
                      r.repairedTriggered(),
                      r.quarantinedTriggered()));
    }
    out.flush();
  }

  private static void skipped(PrintWriter out, int count, List<String> files) {
    if (count > 0) {
      out.printf("  skipped %d unreadable files:%n", count);
      files.forEach(f -> out.println("    " + f));
    }
  }

  private static String percent(Double share) {
    return share == null ? "-" : String.format(Locale.ROOT, "%.3f", share);
  }
}
