package io.headgate.weights;

import java.nio.file.Path;
import java.util.Collections;
import java.util.Set;
import java.util.SortedMap;

/**
 * The weights of a CLIP under canonical names, whatever file they came from.
 *
 * <p>Names are OpenCLIP's: {@code visual.conv1.weight [W,3,P,P]}, {@code visual.class_embedding
 * [W]}, {@code visual.positional_embedding [N,W]}, {@code visual.ln_pre.*}, {@code
 * visual.transformer.resblocks.0.attn.in_proj_weight [3W,W]} …, {@code visual.ln_post.*}, {@code
 * visual.proj [W,D]}; and, if there is a text tower, {@code token_embedding.weight}, {@code
 * positional_embedding}, {@code transformer.resblocks.0.…}, {@code ln_final.*}, {@code
 * text_projection}, {@code logit_scale []}. All of them are there, in the shapes that {@link
 * #config()} implies, and no others.
 *
 * <p>Files are memory-mapped: opening costs no heap to speak of, whatever their size. They must not
 * be changed in place while open; replace them by renaming. Safe for concurrent use.
 */
public final class Weights implements AutoCloseable {
  private final Checkpoint checkpoint;
  private final SortedMap<String, WeightTensor> tensors;
  private final ClipConfig config;
  private volatile String hash;

  private Weights(
      Checkpoint checkpoint, SortedMap<String, WeightTensor> tensors, ClipConfig config) {
    this.checkpoint = checkpoint;
    this.tensors = Collections.unmodifiableSortedMap(tensors);
    this.config = config;
  }

  /**
   * Opens a checkpoint.
   *
   * @param folderOrFile a model folder, in which {@code open_clip_model.safetensors} comes before
   *     {@code model.safetensors}; or one file
   * @param options what the user says; wins over the configuration
   * @throws WeightsException if a file is missing, damaged or of another architecture, if the
   *     configuration contradicts the tensors, or if nothing says what the activation and the
   *     number of heads are
   */
  public static Weights open(Path folderOrFile, WeightsOptions options) {
    Checkpoint checkpoint = Checkpoint.open(folderOrFile);
    try {
      var unwrapped = Naming.unwrapped(checkpoint.tensors());
      Naming naming = Naming.of(checkpoint.path(), unwrapped);
      var tensors = naming.canonical(checkpoint.path(), unwrapped);
      Architecture architecture = Architecture.of(checkpoint.path(), tensors);
      Configuration stated = Configuration.find(checkpoint, naming);
      ClipConfig config = stated.resolve(architecture, options);
      return new Weights(checkpoint, tensors, config);
    } catch (RuntimeException | Error e) {
      checkpoint.close();
      throw e;
    }
  }

  /** The file that was opened, or the index of several. */
  public Path path() {
    return checkpoint.path();
  }

  /** Sizes and constants. */
  public ClipConfig config() {
    return config;
  }

  /** Canonical names, sorted. */
  public Set<String> names() {
    return tensors.keySet();
  }

  /**
   * A tensor by its canonical name.
   *
   * @throws IllegalArgumentException if there is none of this name
   */
  public WeightTensor tensor(String name) {
    WeightTensor tensor = tensors.get(name);
    if (tensor == null) {
      throw new IllegalArgumentException(
          "tensor: %s (expected: one of %s)".formatted(name, Listing.of(tensors.keySet())));
    }
    return tensor;
  }

  /**
   * SHA-256, in lower-case hex, over all tensors sorted by canonical name: for each its name, type,
   * sizes and stored bytes, as docs/checkpoints.md spells out. Equal for the same stored numbers in
   * any file format; different for the same numbers in another type. Reads everything on the first
   * call.
   */
  public String weightsHash() {
    String known = hash;
    if (known == null) {
      known = Fingerprint.ofTensors(tensors.values());
      hash = known;
    }
    return known;
  }

  /**
   * Identity of what a model computes; see {@link Fingerprint#of}.
   *
   * @param precision name of the precision mode
   */
  public String fingerprint(String precision) {
    return Fingerprint.of(weightsHash(), config, precision);
  }

  /**
   * Reads everything once and makes sure that no weight is NaN or infinite.
   *
   * @throws WeightsException naming the tensor and the position of the first that is
   */
  public void requireFinite() {
    tensors.values().forEach(tensor -> Finite.require(path(), tensor));
  }

  /**
   * Lets go of the memory that mappings take, for when not much will be read for a while; reading
   * maps again.
   */
  public void unmap() {
    checkpoint.files().forEach(MappedFile::unmap);
  }

  /** Lets go of the files; tensors can no longer be read. */
  @Override
  public void close() {
    checkpoint.close();
  }
}
