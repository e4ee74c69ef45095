package io.headgate.weights;

import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * A safetensors file, memory-mapped. The header is checked completely before the first tensor is
 * handed out: its size, duplicate keys, types, and that the tensors' spans match their shapes and
 * tile the file without overlap or hole.
 *
 * <p>Source: <a href="https://github.com/huggingface/safetensors#format">the format</a>.
 */
public final class Safetensors implements AutoCloseable {
  private final MappedFile file;
  private final Map<String, WeightTensor> tensors;
  private final Map<String, String> metadata;

  private Safetensors(
      MappedFile file, Map<String, WeightTensor> tensors, Map<String, String> metadata) {
    this.file = file;
    this.tensors = Collections.unmodifiableMap(tensors);
    this.metadata = Collections.unmodifiableMap(metadata);
  }

  /**
   * Opens a file.
   *
   * @throws WeightsException if it cannot be read or is no sound safetensors file
   */
  public static Safetensors open(Path path) {
    MappedFile file = MappedFile.open(path);
    try {
      SafetensorsHeader header = SafetensorsHeader.read(file);
      return new Safetensors(file, header.tensors(), header.metadata());
    } catch (RuntimeException | Error e) {
      file.close();
      throw e;
    }
  }

  /** Where the file is. */
  public Path path() {
    return file.path();
  }

  /** Names of all tensors in the order of the header. */
  public Set<String> names() {
    return tensors.keySet();
  }

  /** The header's free-form texts. */
  public Map<String, String> metadata() {
    return metadata;
  }

  /**
   * A tensor.
   *
   * @throws WeightsException if there is none of this name
   */
  public WeightTensor tensor(String name) {
    WeightTensor tensor = tensors.get(name);
    if (tensor == null) {
      throw new WeightsException(
          path(), "no tensor %s (found: %s)".formatted(name, Listing.of(List.copyOf(names()))));
    }
    return tensor;
  }

  /** The type of a tensor's elements; see {@link #tensor}. */
  public DType dtype(String name) {
    return tensor(name).dtype();
  }

  /** A tensor's sizes; see {@link #tensor}. */
  public long[] shape(String name) {
    return tensor(name).shape();
  }

  /** All elements as floats; see {@link WeightTensor#toFloats()}. */
  public float[] readFloats(String name) {
    return tensor(name).toFloats();
  }

  /** All elements of an integer type; see {@link WeightTensor#toLongs()}. */
  public long[] readLongs(String name) {
    return tensor(name).toLongs();
  }

  /** All elements as stored; see {@link WeightTensor#toBytes()}. */
  public byte[] readBytes(String name) {
    return tensor(name).toBytes();
  }

  /** Lets go of the mapping; tensors can no longer be read. */
  @Override
  public void close() {
    file.close();
  }
}
