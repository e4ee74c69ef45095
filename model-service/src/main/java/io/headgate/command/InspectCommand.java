package io.headgate.command;

import io.headgate.imaging.ImagePreprocessor;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.stream.Stream;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code headgate inspect}: what the guard sees in an image, a tensor or a text. */
@Command(
    name = "inspect",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = {
      "Shows what the guard sees: labels, infected heads, scores and route of images; or the parts of"
          + " prepared tensors, the crops of images, the ids of texts.",
      "",
      "Examples:",
      "  headgate inspect --model DIR --calibration FILE photo.jpg other.png",
      "  headgate inspect --model DIR --pixel-values IN.safetensors --parts OUT.safetensors",
      "  headgate inspect --crops OUT.safetensors --crop-size 224 photo.jpg",
      "  headgate inspect --vocab merges.txt --text \"a photo of a cat\" --json"
    })
public final class InspectCommand implements Callable<Integer> {
  @Spec private CommandSpec spec;
  @Mixin private ModelOptions model;

  @Parameters(paramLabel = "IMAGE", arity = "0..*", description = "Image files.")
  private List<Path> images = List.of();

  @Option(
      names = "--calibration",
      paramLabel = "FILE",
      description = "Judge with this calibration; without one, only labels are shown.")
  private Path calibration;

  @Option(
      names = "--policy",
      paramLabel = "NAME",
      description = "Repair policy: prune, paper, attribution or none. Default: prune.")
  private String policy = "prune";

  @Option(names = "--top", paramLabel = "N", description = "Labels per image. Default: 5.")
  private int top = 5;

  @Option(
      names = "--pixel-values",
      paramLabel = "FILE",
      description =
          "Safetensors with pixel_values [B,3,S,S], float32, normalised, in place of images.")
  private Path pixelValues;

  @Option(
      names = "--parts",
      paramLabel = "FILE",
      description =
          "Write image_embeds [B,D], heads [B,L,H,D], mlps [B,L+1,D] and token_maps [B,H,N].")
  private Path parts;

  @Option(
      names = "--crops",
      paramLabel = "FILE",
      description =
          "Write the preprocessed images, uint8 [3,S,S], one key per file: its name without extension. Needs no model.")
  private Path crops;

  @Option(
      names = "--crop-size",
      paramLabel = "S",
      description = "Side of --crops in pixels. Default: 224.")
  private int cropSize = 224;

  @Option(
      names = "--vocab",
      paramLabel = "FILE",
      description =
          "Vocabulary for --text: a model folder, merges.txt, vocab.json, tokenizer.json or a list of merges (.gz too). Default: the model's, else OpenAI's.")
  private Path vocab;

  @Option(names = "--text", paramLabel = "TEXT", description = "Tokenise this text; repeatable.")
  private List<String> texts = List.of();

  @Option(names = "--json", description = "Print JSON.")
  private boolean json;

  @Override
  public Integer call() {
    requireSense();
    Output to = new Output(spec.commandLine().getOut(), spec.commandLine().getErr(), json);
    if (!texts.isEmpty()) {
      return new TextInspection(model, vocab, texts).run(to);
    }
    if (crops != null) {
      return new CropInspection(crops, cropSize, images).run(to);
    }
    if (pixelValues != null) {
      return new PartsInspection(model, pixelValues, parts).run(to);
    }
    return new ImageInspection(model, calibration, policy, top, images).run(to);
  }

  private void requireSense() {
    require((pixelValues == null) == (parts == null), "--pixel-values and --parts belong together");
    require(vocab == null || !texts.isEmpty(), "--vocab without --text");
    require(crops == null || !images.isEmpty(), "--crops without an IMAGE");
    long asked =
        Stream.of(!texts.isEmpty(), pixelValues != null, !images.isEmpty())
            .filter(is -> is)
            .count();
    require(
        asked == 1, asked == 0 ? "nothing to inspect" : "more than one kind of thing to inspect");
    require(top >= 1, "--top: %d".formatted(top), "at least 1");
    require(
        cropSize >= 1 && cropSize <= ImagePreprocessor.MAX_CROP_SIZE,
        "--crop-size: %d".formatted(cropSize),
        "1 to %d".formatted(ImagePreprocessor.MAX_CROP_SIZE));
  }

  private void require(boolean sense, String problem) {
    require(
        sense,
        problem,
        "IMAGE…, alone or with --crops; or --pixel-values with --parts; or --text, alone or with --vocab");
  }

  private void require(boolean sense, String problem, String expected) {
    if (!sense) {
      throw new ParameterException(
          spec.commandLine(), "%s (expected: %s)".formatted(problem, expected));
    }
  }
}
