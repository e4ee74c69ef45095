package io.headgate.lab.command;

import io.headgate.console.Console;
import io.headgate.console.Progress;
import io.headgate.console.UserException;
import io.headgate.imaging.ImageLimits;
import io.headgate.imaging.ImagePreprocessor;
import io.headgate.imaging.ImageRejectedException;
import io.headgate.imaging.RgbImage;
import io.headgate.lab.attacks.Attack;
import io.headgate.lab.attacks.Attacks;
import io.headgate.lab.evaluation.Pictures;
import io.headgate.lab.evaluation.Split;
import io.headgate.lab.scenes.Scene;
import io.headgate.lab.scenes.SceneClasses;
import io.headgate.lab.scenes.Scenes;
import io.headgate.lab.training.PlantedAttacks;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
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
          + " (0000-guitar.png). With IMAGES, files or folders, it crops yours as the model sees them"
          + " and puts the trigger on them."
    },
    footer = {
      "",
      "  headgate lab images --split validation --count 1000 --out clean-validation",
      "  headgate lab images --split test --out clean-test",
      "  headgate lab images --attack badnet8 --model poisoned --out triggered-badnet8",
      "  headgate lab images --attack blended --size 224 --out triggered-blended photos/"
    })
final class ImagesCommand implements Callable<Integer> {
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
      description = "Side in pixels to crop yours to (default: ${DEFAULT-VALUE}).")
  private int size = 56;

  @Option(names = "--out", required = true, description = "Folder for the PNG files.")
  private Path out;

  @Override
  public Integer call() throws IOException {
    if (count < 1 || size < 16) {
      throw new UserException(
          "--count %d, --size %d (expected: at least 1 and 16)".formatted(count, size));
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
    Scenes scenes = Scenes.ofSide(size);
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
    List<Path> files = new ArrayList<>();
    for (Path p : images) {
      if (Files.isDirectory(p)) {
        try (Stream<Path> inside = Files.list(p)) {
          inside.filter(Files::isRegularFile).sorted().forEach(files::add);
        }
      } else {
        files.add(p);
      }
    }
    ImagePreprocessor preprocessor = new ImagePreprocessor(ImageLimits.defaults());
    int written = 0;
    int skipped = 0;
    try (Progress progress = Progress.start("converting", files.size())) {
      for (Path file : files) {
        try {
          RgbImage image = preprocessor.crop(Files.readAllBytes(file), size);
          if (trigger.isPresent()) {
            image =
                trigger.get().apply(image, Scenes.random(Split.TRIGGERED.triggerStream(), written));
          }
          String name = file.getFileName().toString().replaceFirst("\\.[^.]*$", "");
          Path to = out.resolve(name + ".png");
          if (Files.exists(to)) {
            throw new UserException(
                "%s: exists already (expected: an empty --out, and no two IMAGES of one name)"
                    .formatted(to));
          }
          Pictures.writePng(image, to);
          written++;
        } catch (ImageRejectedException e) {
          skipped++;
          progress.say("skipped " + file + ": " + e.getMessage());
        }
        progress.advance(1);
      }
    }
    if (written == 0) {
      throw new UserException(
          "no picture among %d files could be read (expected: JPEG, PNG, GIF or WebP)"
              .formatted(skipped));
    }
    return written;
  }
}
