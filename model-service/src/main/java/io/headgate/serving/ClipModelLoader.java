package io.headgate.serving;

import io.headgate.clip.ClipModel;
import io.headgate.clip.ClipOptions;
import io.headgate.weights.Weights;
import io.headgate.weights.WeightsOptions;
import java.nio.file.Path;
import java.util.Locale;
import java.util.OptionalInt;

/** Loads CLIP models; refuses weights that are not finite before anything is allocated for them. */
final class ClipModelLoader implements ModelLoader {
  /** Tensors as loaded, and again as the library packs them for its matrix products. */
  private static final int COPIES = 2;

  private static final long OVERHEAD_BYTES = 64L << 20;

  private final ClipOptions options;

  ClipModelLoader(ClipOptions options) {
    this.options = options;
  }

  @Override
  public long bytesNeeded(Path path) {
    try (Weights weights = open(path)) {
      long elements = weights.names().stream().mapToLong(n -> weights.tensor(n).elements()).sum();
      return elements * Float.BYTES * COPIES + OVERHEAD_BYTES;
    }
  }

  @Override
  public ModelHandle load(Path path) {
    try (Weights weights = open(path)) {
      weights.requireFinite();
    }
    ClipModel model = ClipModel.open(path, options);
    return new ModelHandle(
        model, model.classifier(), model.precision().name().toLowerCase(Locale.ROOT), model::close);
  }

  private Weights open(Path path) {
    return Weights.open(
        path, new WeightsOptions(options.activation(), options.heads(), OptionalInt.empty()));
  }
}
