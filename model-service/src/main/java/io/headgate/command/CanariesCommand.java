package io.headgate.command;

import io.headgate.clip.ClipModel;
import io.headgate.console.Console;
import io.headgate.console.UsageException;
import io.headgate.console.UserException;
import io.headgate.imaging.ImageLimits;
import io.headgate.imaging.ImagePreprocessor;
import io.headgate.imaging.RgbImage;
import io.headgate.serving.Canaries;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/**
 * {@code headgate canaries}: records the answers that a model must still give when it is served.
 */
@Command(
    name = "canaries",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = {
      "Asks a model that you trust about a few images and keeps its answers. 'headgate serve' asks"
          + " again whenever it loads the model, and refuses it when the answers have changed: a"
          + " damaged file, another activation, a machine that computes wrongly.",
      "",
      "Example:",
      "  headgate canaries --model models/vit-b-32 --images clean/"
    })
public final class CanariesCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;
  @Mixin private ModelOptions model;

  @Option(
      names = "--images",
      paramLabel = "DIR",
      required = true,
      description = "Folder of images, of which some are taken, spread over all.")
  private Path images;

  @Option(names = "--count", paramLabel = "N", description = "Images to keep. Default: 8.")
  private int count = 8;

  @Option(
      names = "--out",
      paramLabel = "FILE",
      description = "File to write. Default: canaries.json in the model's folder.")
  private Path out;

  @Override
  public Integer call() throws IOException {
    if (count < 1) {
      throw new UsageException("--count %d (expected: at least 1)".formatted(count));
    }
    try (ClipModel clip = model.open()) {
      Map<String, RgbImage> chosen = choose(clip.shape().imageSize());
      Path file = out == null ? folder().resolve(Canaries.FILE) : out;
      Canaries.record(clip, clip.classifier(), chosen).save(file);
      spec.commandLine()
          .getOut()
          .printf("%d canaries of model %s in %s%n", chosen.size(), clip.fingerprint(), file);
      spec.commandLine().getOut().flush();
    }
    return Console.OK;
  }

  private Path folder() {
    Path path = model.path();
    return Files.isDirectory(path) ? path : path.toAbsolutePath().getParent();
  }

  /** Usable images, spread over the folder. */
  private Map<String, RgbImage> choose(int side) throws IOException {
    List<Path> files = ImageFiles.list(images);
    List<Path> spread = new ArrayList<>();
    for (int i = 0; i < Math.min(count, files.size()); i++) {
      spread.add(files.get((int) ((long) i * files.size() / Math.min(count, files.size()))));
    }
    Map<String, RgbImage> chosen = new LinkedHashMap<>();
    try (ImageFiles reader = new ImageFiles(new ImagePreprocessor(ImageLimits.defaults()), side)) {
      reader.forEach(
          images,
          spread,
          32,
          batch ->
              batch.stream()
                  .filter(image -> image.pixels() != null)
                  .forEach(image -> chosen.put(image.name(), image.pixels())));
    }
    if (chosen.isEmpty()) {
      throw new UserException("%s: no usable images (expected: JPEG, PNG …)".formatted(images));
    }
    return chosen;
  }
}
