package io.headgate.command.calibrate;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.headgate.calibration.Calibration;
import io.headgate.calibration.CalibrationDiff;
import io.headgate.clip.ClipModel;
import io.headgate.command.ImageFiles;
import io.headgate.command.ModelOptions;
import io.headgate.console.Console;
import io.headgate.console.Progress;
import io.headgate.console.UsageException;
import io.headgate.guard.Guard;
import io.headgate.guard.Judgement;
import io.headgate.guard.RepairPolicy;
import io.headgate.guard.Verdict;
import io.headgate.imaging.ImageLimits;
import io.headgate.imaging.ImagePreprocessor;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code headgate calibrate diff}. */
@Command(
    name = "diff",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = {
      "Shows what differs between two calibrations, and with --model and images how many of these"
          + " change route when the second replaces the first (shadow comparison).",
      "",
      "Example:",
      "  headgate calibrate diff old.json new.json --model models/vit-b-32 --images recent/",
      ""
    })
final class DiffCommand implements Callable<Integer> {
  private static final int BATCH = 32;
  private static final int LISTED = 10;

  @Spec private CommandSpec spec;

  @Parameters(index = "0", paramLabel = "A", description = "Calibration file.")
  private Path a;

  @Parameters(index = "1", paramLabel = "B", description = "Calibration file.")
  private Path b;

  @Mixin private ModelOptions model;
  @Mixin private ImageInput input;

  @Option(
      names = "--policy",
      paramLabel = "NAME",
      description = "Repair policy: prune, paper, attribution or none. Default: prune.")
  private String policy = "prune";

  @Option(names = "--json", description = "Print the result as JSON.")
  private boolean json;

  /** An image that changes its route. */
  private record Changed(String image, String from, String to) {}

  /** What happened to the images. */
  private static final class Shadow {
    final Map<String, Long> routes = new TreeMap<>();
    final List<Changed> changed = new ArrayList<>();
    long images;
    long skipped;
  }

  @Override
  public Integer call() throws IOException {
    RepairPolicy repair = RepairPolicy.of(policy);
    if (model.present() != input.present()) {
      throw new UsageException(
          model.present()
              ? "--model without images (expected: --images DIR or --topic NAME as well)"
              : "images without --model (expected: --model DIR as well)");
    }
    Calibration first = Calibration.load(a);
    Calibration second = Calibration.load(b);
    Shadow shadow = null;
    if (model.present()) {
      input.require();
      shadow = shadow(first, second, repair);
    }
    report(CalibrationDiff.of(first, second), first, second, shadow);
    return Console.OK;
  }

  private Shadow shadow(Calibration first, Calibration second, RepairPolicy repair)
      throws IOException {
    Shadow shadow = new Shadow();
    try (ClipModel clip = model.open();
        ImageFiles decoder =
            new ImageFiles(
                new ImagePreprocessor(ImageLimits.defaults()), clip.shape().imageSize())) {
      Guard before = new Guard(clip, clip.classifier(), first, repair);
      Guard after = new Guard(clip, clip.classifier(), second, repair);
      try (ImageSource images = input.open(decoder, 1, total -> new long[] {total});
          Progress progress = Progress.start("comparing", images.size())) {
        images.forEach(
            0,
            BATCH,
            loaded -> {
              List<ImageFiles.Loaded> readable =
                  loaded.stream().filter(image -> image.pixels() != null).toList();
              shadow.skipped += loaded.size() - readable.size();
              compare(shadow, readable, before, after);
              progress.advance(loaded.size());
            });
      }
    }
    return shadow;
  }

  private static void compare(
      Shadow shadow, List<ImageFiles.Loaded> images, Guard before, Guard after) {
    var pixels = images.stream().map(ImageFiles.Loaded::pixels).toList();
    List<Judgement> first = before.judge(pixels);
    List<Judgement> second = after.judge(pixels);
    for (int i = 0; i < images.size(); i++) {
      String from = route(first.get(i).verdict());
      String to = route(second.get(i).verdict());
      shadow.images++;
      shadow.routes.merge(from + " → " + to, 1L, Long::sum);
      if (!from.equals(to)) {
        shadow.changed.add(new Changed(images.get(i).name(), from, to));
      }
    }
  }

  private static String route(Verdict verdict) {
    return verdict instanceof Verdict.Clean
        ? "clean"
        : verdict instanceof Verdict.Repaired ? "repaired" : "quarantined";
  }

  private void report(CalibrationDiff diff, Calibration first, Calibration second, Shadow shadow) {
    PrintWriter out = spec.commandLine().getOut();
    if (json) {
      json(out, diff, first, second, shadow);
    } else {
      text(out, diff, shadow);
    }
    out.flush();
  }

  private void text(PrintWriter out, CalibrationDiff diff, Shadow shadow) {
    if (diff.changes().isEmpty()) {
      out.println("the calibrations are the same");
    }
    for (CalibrationDiff.Change change : diff.changes()) {
      out.printf("%-28s %s%n%-28s %s%n", change.what(), change.a(), "", change.b());
    }
    out.printf(
        Locale.ROOT,
        "%-28s %,d in both, %,d only in A, %,d only in B%n",
        "images",
        diff.imagesInBoth(),
        diff.imagesOnlyInA(),
        diff.imagesOnlyInB());
    if (shadow == null) {
      return;
    }
    out.printf(
        Locale.ROOT,
        "%-28s %,d of %,d images change route (%,d skipped)%n",
        "shadow comparison",
        shadow.changed.size(),
        shadow.images,
        shadow.skipped);
    shadow.routes.forEach((route, count) -> out.printf(Locale.ROOT, "  %-26s %,d%n", route, count));
    shadow.changed.stream()
        .limit(LISTED)
        .forEach(c -> out.printf("  %s: %s → %s%n", c.image(), c.from(), c.to()));
    if (shadow.changed.size() > LISTED) {
      out.printf("  … and %,d more: --json lists all%n", shadow.changed.size() - LISTED);
    }
  }

  private void json(
      PrintWriter out, CalibrationDiff diff, Calibration first, Calibration second, Shadow shadow) {
    ObjectNode node = new ObjectMapper().createObjectNode();
    node.put("a", first.id()).put("b", second.id()).put("same", diff.changes().isEmpty());
    ArrayNode changes = node.putArray("changes");
    for (CalibrationDiff.Change change : diff.changes()) {
      changes.addObject().put("what", change.what()).put("a", change.a()).put("b", change.b());
    }
    node.putObject("images")
        .put("both", diff.imagesInBoth())
        .put("onlyA", diff.imagesOnlyInA())
        .put("onlyB", diff.imagesOnlyInB());
    if (shadow != null) {
      ObjectNode shadowed =
          node.putObject("shadow")
              .put("images", shadow.images)
              .put("skipped", shadow.skipped)
              .put("changed", shadow.changed.size());
      ObjectNode routes = shadowed.putObject("routes");
      shadow.routes.forEach(routes::put);
      ArrayNode list = shadowed.putArray("changedImages");
      for (Changed changed : shadow.changed) {
        list.addObject()
            .put("image", changed.image())
            .put("from", changed.from())
            .put("to", changed.to());
      }
    }
    out.println(node.toPrettyString());
  }
}
