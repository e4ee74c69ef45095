package io.headgate.weights;

import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * What a configuration file says about a model, library defaults included.
 *
 * @param sizes that the tensors' shapes have to confirm
 * @param activation of both towers
 * @param heads of the vision tower
 * @param headWidth of the vision tower, stated instead of the number of heads
 * @param textHeads of the text tower
 * @param layerNormEps of both towers
 * @param preprocessing of images
 */
record Stated(
    Map<Size, Integer> sizes,
    Optional<Activation> activation,
    OptionalInt heads,
    OptionalInt headWidth,
    OptionalInt textHeads,
    double layerNormEps,
    Optional<Preprocessing> preprocessing) {
  /** Of all CLIPs whose configuration does not say otherwise. */
  static final double DEFAULT_EPS = 1e-5;

  /** A size that a configuration states and a shape implies. */
  enum Size {
    IMAGE_SIZE("image size"),
    PATCH_SIZE("patch size"),
    LAYERS("vision layers"),
    WIDTH("vision width"),
    MLP_WIDTH("vision MLP width"),
    EMBEDDING("embedding size"),
    TEXT_LAYERS("text layers"),
    TEXT_WIDTH("text width"),
    TEXT_MLP_WIDTH("text MLP width"),
    CONTEXT_LENGTH("context length"),
    VOCABULARY_SIZE("vocabulary size");

    private final String label;

    Size(String label) {
      this.label = label;
    }

    String label() {
      return label;
    }
  }

  /** A checkpoint without configuration. */
  static Stated by(TorchArchive.Hints hints) {
    return new Stated(
        Map.of(),
        hints.activation(),
        OptionalInt.empty(),
        hints.headWidth() > 0 ? OptionalInt.of(hints.headWidth()) : OptionalInt.empty(),
        OptionalInt.empty(),
        DEFAULT_EPS,
        Optional.empty());
  }
}
