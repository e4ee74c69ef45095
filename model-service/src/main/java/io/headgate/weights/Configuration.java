package io.headgate.weights;

import io.headgate.weights.Stated.Size;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * Brings together what a configuration states, what the shapes tell and what the user says.
 *
 * @param file where it is stated; the checkpoint itself if there is no configuration
 * @param stated what is stated
 */
record Configuration(Path file, Stated stated) {

  /** The configuration that belongs to a checkpoint by naming scheme. */
  static Configuration find(Checkpoint checkpoint, Naming naming) {
    Path openClip = checkpoint.path().resolveSibling(OpenClipConfig.NAME);
    Path transformers = checkpoint.path().resolveSibling(TransformersConfig.NAME);
    return switch (naming) {
      case OPEN_CLIP ->
          checkpoint.configured() && Files.exists(openClip)
              ? new Configuration(openClip, OpenClipConfig.read(openClip))
              : withoutFile(checkpoint);
      case TRANSFORMERS ->
          checkpoint.configured() && Files.exists(transformers)
              ? new Configuration(transformers, TransformersConfig.read(transformers))
              : withoutFile(checkpoint);
    };
  }

  private static Configuration withoutFile(Checkpoint checkpoint) {
    return new Configuration(checkpoint.path(), Stated.by(checkpoint.hints()));
  }

  /**
   * @throws WeightsException if two sources contradict each other or none says what is needed
   */
  ClipConfig resolve(Architecture found, WeightsOptions options) {
    requireAgreement(found);
    Optional<Activation> activation = options.activation().or(stated::activation);
    int width = found.vision().width();
    OptionalInt heads = heads(width, options);
    List<String> missing = new ArrayList<>();
    if (activation.isEmpty()) {
      missing.add("--activation (quick_gelu or gelu)");
    }
    if (heads.isEmpty()) {
      missing.add("--heads N");
    }
    if (!missing.isEmpty()) {
      throw new WeightsException(
          file,
          "the file does not say everything; give %s. Found: %s"
              .formatted(String.join(" and ", missing), describe(found)));
    }
    int h = heads.getAsInt();
    if (h == 0 || width % h != 0) {
      throw new WeightsException(
          file,
          "heads: %d (expected: a divisor of the vision width %d); set --heads"
              .formatted(h, width));
    }
    VisionConfig vision =
        new VisionConfig(
            found.imageSize(),
            found.patchSize(),
            found.vision().layers(),
            h,
            width,
            found.vision().mlpWidth());
    Optional<TextConfig> text = found.text().map(t -> text(t, width / h, options));
    return new ClipConfig(
        vision,
        text,
        found.embedding(),
        activation.get(),
        stated.layerNormEps(),
        stated.preprocessing().orElseGet(() -> Preprocessing.clip(found.imageSize())));
  }

  private OptionalInt heads(int width, WeightsOptions options) {
    if (options.heads().isPresent()) {
      return options.heads();
    }
    boolean fromWidth = stated.heads().isEmpty() && stated.headWidth().isPresent();
    return fromWidth ? OptionalInt.of(width / stated.headWidth().getAsInt()) : stated.heads();
  }

  private TextConfig text(Architecture.Text text, int headWidth, WeightsOptions options) {
    int width = text.tower().width();
    int heads =
        options.textHeads().isPresent()
            ? options.textHeads().getAsInt()
            : stated.textHeads().isPresent()
                ? stated.textHeads().getAsInt()
                : width % 64 == 0 ? width / 64 : width % headWidth == 0 ? width / headWidth : 0;
    if (heads == 0 || width % heads != 0) {
      throw new WeightsException(
          file,
          "text heads: %s (expected: a divisor of the text width %d); say text_cfg.heads in an open_clip_config.json and open the folder"
              .formatted(heads == 0 ? "not stated" : heads, width));
    }
    return new TextConfig(
        text.contextLength(),
        text.vocabularySize(),
        text.tower().layers(),
        heads,
        width,
        text.tower().mlpWidth());
  }

  private void requireAgreement(Architecture found) {
    Map<Size, Integer> sizes = new EnumMap<>(Size.class);
    sizes.put(Size.PATCH_SIZE, found.patchSize());
    sizes.put(Size.LAYERS, found.vision().layers());
    sizes.put(Size.WIDTH, found.vision().width());
    sizes.put(Size.MLP_WIDTH, found.vision().mlpWidth());
    sizes.put(Size.EMBEDDING, found.embedding());
    found
        .text()
        .ifPresent(
            text -> {
              sizes.put(Size.TEXT_LAYERS, text.tower().layers());
              sizes.put(Size.TEXT_WIDTH, text.tower().width());
              sizes.put(Size.TEXT_MLP_WIDTH, text.tower().mlpWidth());
              sizes.put(Size.CONTEXT_LENGTH, text.contextLength());
              sizes.put(Size.VOCABULARY_SIZE, text.vocabularySize());
            });
    Integer imageSize = stated.sizes().get(Size.IMAGE_SIZE);
    if (imageSize != null && imageSize % found.patchSize() != 0) {
      throw new WeightsException(
          file,
          "image size: %d (expected: a multiple of the patch size %d)"
              .formatted(imageSize, found.patchSize()));
    }
    sizes.put(Size.IMAGE_SIZE, found.imageSize());
    sizes.forEach(
        (size, value) -> {
          Integer said = stated.sizes().get(size);
          if (said != null && !said.equals(value)) {
            throw new WeightsException(
                file,
                "%s: %d, but the tensors have %d; this configuration belongs to another checkpoint"
                    .formatted(size.label(), said, value));
          }
        });
  }

  private static String describe(Architecture found) {
    return "image size %d, patch size %d, %d layers, width %d, embedding size %d%s"
        .formatted(
            found.imageSize(),
            found.patchSize(),
            found.vision().layers(),
            found.vision().width(),
            found.embedding(),
            found
                .text()
                .map(
                    t ->
                        "; text: %d layers, width %d, context length %d, vocabulary %d"
                            .formatted(
                                t.tower().layers(),
                                t.tower().width(),
                                t.contextLength(),
                                t.vocabularySize()))
                .orElse("; no text tower"));
  }
}
