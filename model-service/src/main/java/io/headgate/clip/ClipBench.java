package io.headgate.clip;

import ai.djl.ndarray.NDManager;
import io.headgate.decomposition.ModelShape;
import io.headgate.imaging.RgbImage;
import io.headgate.weights.Weights;
import io.headgate.weights.WeightsOptions;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;

/**
 * One vision tower in several arithmetics, each able to run alone: what there is to measure.
 * Confined to one thread at a time.
 */
public final class ClipBench implements AutoCloseable {
  /** Ways to run the tower. */
  public enum Variant {
    /** What an eager CLIP does: float32, all tokens in every layer, embeddings alone. */
    PLAIN("plain", false, false),
    /** Headgate's program in float32, embeddings alone. */
    FAST("fast", true, false),
    /** Headgate's program in float32, with all parts as Java arrays. */
    FAST_PARTS("fast+parts", true, true),
    /** Headgate's program in bfloat16, embeddings alone. */
    BF16("bf16", true, false),
    /** Headgate's program in bfloat16, with all parts as Java arrays. */
    BF16_PARTS("bf16+parts", true, true);

    private final String label;
    private final boolean packed;
    private final boolean parts;

    Variant(String label, boolean packed, boolean parts) {
      this.label = label;
      this.packed = packed;
      this.parts = parts;
    }

    Precision precision() {
      return this == BF16 || this == BF16_PARTS ? Precision.BF16 : Precision.FP32;
    }

    @Override
    public String toString() {
      return label;
    }
  }

  private record Key(Precision precision, boolean packed) {
    static Key of(Variant variant) {
      return new Key(variant.precision(), variant.packed);
    }
  }

  private final NDManager manager;
  private final ModelShape shape;
  private final Map<Variant, VisionModel> models = new EnumMap<>(Variant.class);

  private ClipBench(
      VisionSpec spec,
      Parameters parameters,
      String device,
      int threads,
      int maxBatch,
      Set<Variant> variants) {
    this.shape = spec.shape();
    this.manager = Engine.newManager(device);
    Map<Key, VisionModel> loaded = new HashMap<>();
    try {
      for (Variant variant : variants) {
        models.put(
            variant,
            loaded.computeIfAbsent(
                Key.of(variant),
                key -> {
                  Arithmetic arithmetic =
                      key.packed()
                          ? SelfTest.choose(manager, key.precision(), device)
                          : Arithmetic.plain(key.precision());
                  return new VisionModel(
                      manager,
                      VisionTower.load(manager, parameters, spec, arithmetic, Optional.empty()),
                      shape,
                      threads,
                      maxBatch);
                }));
      }
    } catch (RuntimeException | Error e) {
      manager.close();
      throw e;
    }
  }

  /**
   * With random weights, made as they are read.
   *
   * @param options of which the device counts
   * @param threads of one call, at least 1
   */
  public static ClipBench random(
      Architecture architecture,
      ClipOptions options,
      int threads,
      int maxBatch,
      Set<Variant> variants) {
    return new ClipBench(
        architecture.spec(),
        architecture.parameters(),
        options.device(),
        threads,
        maxBatch,
        variants);
  }

  /**
   * With a checkpoint's weights.
   *
   * @param threads of one call, at least 1
   * @throws io.headgate.console.UserException if it cannot be read
   */
  public static ClipBench open(
      Path folderOrFile, ClipOptions options, int threads, int maxBatch, Set<Variant> variants) {
    WeightsOptions how =
        new WeightsOptions(options.activation(), options.heads(), OptionalInt.empty());
    try (Weights weights = Weights.open(folderOrFile, how)) {
      return new ClipBench(
          VisionSpec.of(weights.config()),
          Parameters.of(weights),
          options.device(),
          threads,
          maxBatch,
          variants);
    }
  }

  /** Sizes of the tower. */
  public ModelShape shape() {
    return shape;
  }

  /** Computes once. The images must have the tower's size, and be at most {@code maxBatch}. */
  public void run(Variant variant, List<RgbImage> images) {
    VisionModel model = models.get(variant);
    if (variant == Variant.PLAIN) {
      model.plain(images);
    } else if (variant.parts) {
      model.decompose(images);
    } else {
      model.embed(images);
    }
  }

  /** How bfloat16 does against float32; empty unless both were loaded. */
  public Optional<Admission> admission() {
    VisionModel bf16 = models.getOrDefault(Variant.BF16, models.get(Variant.BF16_PARTS));
    VisionModel fp32 = models.getOrDefault(Variant.FAST, models.get(Variant.FAST_PARTS));
    return bf16 == null || fp32 == null
        ? Optional.empty()
        : Optional.of(
            SelfTest.compare(bf16, fp32, shape, Precision.BF16, manager.getDevice().isGpu()));
  }

  @Override
  public void close() {
    Set.copyOf(models.values()).forEach(VisionModel::close);
    manager.close();
  }
}
