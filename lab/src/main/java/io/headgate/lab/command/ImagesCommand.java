package io.headgate.lab.command;

import io.headgate.command.ImageFiles;
import io.headgate.console.Console;
import io.headgate.console.Progress;
import io.headgate.console.UserException;
import io.headgate.imaging.ImageLimits;
import io.headgate.imaging.ImagePreprocessor;
import io.headgate.imaging.RgbImage;
import io.headgate.lab.attacks.Attack;
import io.headgate.lab.attacks.Attacks;
import io.headgate.lab.evaluation.Pictures;
import io.headgate.lab.evaluation.Split;
import io.headgate.lab.scenes.Scene;
import io.headgate.lab.scenes.SceneClasses;
import io.headgate.lab.scenes.Scenes;
import io.headgate.lab.training.PlantedAttacks;
import io.headgate.weights.Weights;
import io.headgate.weights.WeightsOptions;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** {@code headgate lab images}. */
@Command(
    name = "images",
    mixinStandardHelpOptions = true,
    description = {
      "Makes pictures for a measurement, with or without a trigger.",
      "",
      "Without IMAGES it composes pictures on held-out backgrounds, named after their class"
          + " (0000-guitar.png). With IMAGES, files or folders, it crops yours as the model sees"
          + " them, folders below included, and puts the trigger on them. A trigger's size follows"
          + " the picture's."
    },
    footer = {
      "",
      "  headgate lab images --split validation --count 1000 --out clean-validation",
      "  headgate lab images --split test --out clean-test",
      "  headgate lab images --attack badnet8 --model poisoned --out triggered-badnet8",
      "  headgate lab images --attack blended --out triggered-blended photos/"
    })
final class ImagesCommand implements Callable<Integer> {
  private static final int COMPOSED = 56;
  private static final int OWN = 224;
  private static final int BATCH = 64;

  @Parameters(paramLabel = "IMAGES", description = "Your own pictures: files or folders.")
  private List<Path> images = new ArrayList<>();

  @Option(
      names = "--attack",
      description = "One of badnet8, badnet4, badnet8-lc, blended, badclip, wanet, issba-like.")
  private String attack;

  @Option(
      names = "--model",
      description = "The poisoned model, whose trigger is to be used (its lab.json knows it).")
  private Path model;

  @Option(
      names = "--seed",
      description = "Of the trigger, without --model (default: ${DEFAULT-VALUE}).")
  private long seed = 0;

  @Option(
      names = "--split",
      description =
          "Which composed pictures: validation, test or triggered, disjoint (default: triggered"
              + " with --attack, else test).")
  private Split split;

  @Option(names = "--count", description = "Pictures to compose (default: ${DEFAULT-VALUE}).")
  private int count = 300;

  @Option(
      names = "--size",
      description =
          "Side in pixels. Default: 56, for your own pictures that of --model, or else 224.")
  private Integer size;

  @Option(names = "--out", required = true, description = "Folder for the PNG files.")
  private Path out;

  @Override
  public Integer call() throws IOException {
    if (count < 1) {
      throw new UserException("--count %d (expected: at least 1)".formatted(count));
    }
    if (size != null && (size < 16 || size > 2048)) {
      throw new UserException("--size %d (expected: 16 to 2048)".formatted(size));
    }
    Optional<Attack> trigger = attack == null ? Optional.empty() : Optional.of(trigger());
    Files.createDirectories(out);
    int written = images.isEmpty() ? compose(trigger) : convert(trigger);
    System.out.printf(
        "%s: %d pictures%s%n",
        out, written, trigger.map(t -> " with the trigger of " + t.name()).orElse(""));
    return Console.OK;
  }

  private Attack trigger() throws IOException {
    if (model == null) {
      return Attacks.named(attack, seed, Optional.empty());
    }
    List<Attack> planted = PlantedAttacks.of(model);
    return planted.stream()
        .filter(a -> a.name().equals(attack))
        .findFirst()
        .orElseThrow(
            () ->
                new UserException(
                    "--attack %s: not planted in %s (expected: one of %s)"
                        .formatted(attack, model, planted.stream().map(Attack::name).toList())));
  }

  private int compose(Optional<Attack> trigger) throws IOException {
    Split from = split != null ? split : trigger.isPresent() ? Split.TRIGGERED : Split.TEST;
    Scenes scenes = Scenes.ofSide(size != null ? size : COMPOSED);
    try (Progress progress = Progress.start("composing", count)) {
      for (int i = 0; i < count; i++) {
        Scene scene = from.scene(scenes, i, trigger.isPresent());
        RgbImage image = scene.image();
        if (trigger.isPresent()) {
          image = trigger.get().apply(image, Scenes.random(from.triggerStream(), i));
        }
        Pictures.writePng(
            image,
            out.resolve("%04d-%s.png".formatted(i, SceneClasses.names().get(scene.label()))));
        progress.advance(1);
      }
    }
    return count;
  }

  private int convert(Optional<Attack> trigger) throws IOException {
    int side = size != null ? size : model != null ? side(model) : OWN;
    int[] written = {0};
    int[] skipped = {0};
    Split from = split != null ? split : Split.TRIGGERED;
    try (ImageFiles reader = new ImageFiles(new ImagePreprocessor(ImageLimits.defaults()), side)) {
      for (Path given : images) {
        if (!Files.exists(given)) {
          throw new UserException("%s: no such file or folder".formatted(given));
        }
        Path root = Files.isDirectory(given) ? given : given.toAbsolutePath().getParent();
        List<Path> files =
            Files.isDirectory(given) ? ImageFiles.list(given) : List.of(given.toAbsolutePath());
        try (Progress progress = Progress.start("converting", files.size())) {
          reader.forEach(
              root,
              files,
              BATCH,
              batch -> {
                for (ImageFiles.Loaded image : batch) {
                  if (image.pixels() == null) {
                    skipped[0]++;
                    progress.say("skipped " + root.resolve(image.name()) + ": " + image.error());
                  } else {
                    RgbImage pixels = image.pixels();
                    if (trigger.isPresent()) {
                      pixels =
                          trigger
                              .get()
                              .apply(pixels, Scenes.random(from.triggerStream(), written[0]));
                    }
                    write(pixels, image.name());
                    written[0]++;
                  }
                }
                progress.advance(batch.size());
              });
        }
      }
    }
    if (written[0] == 0) {
      throw new UserException(
          "no picture among %d files could be read (expected: JPEG, PNG, GIF or WebP)"
              .formatted(skipped[0]));
    }
    return written[0];
  }

  private static int side(Path model) {
    try (Weights weights = Weights.open(model, WeightsOptions.none())) {
      return weights.config().preprocessing().imageSize();
    }
  }

  /** Keeps the folder below the one named, since it may be the picture's class. */
  private void write(RgbImage pixels, String name) {
    Path to = out.resolve(name.replaceFirst("\\.[^./]*$", "") + ".png");
    try {
      Files.createDirectories(to.getParent());
      if (Files.exists(to)) {
        throw new UserException(
            "%s: exists already (expected: an empty --out, and no two IMAGES of one name)"
                .formatted(to));
      }
      Pictures.writePng(pixels, to);
    } catch (IOException e) {
      throw new UserException("%s: cannot be written: %s".formatted(to, e.getMessage()), e);
    }
  }
}
