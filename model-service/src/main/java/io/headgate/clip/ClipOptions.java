package io.headgate.clip;

import io.headgate.weights.Activation;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * How to run a model.
 *
 * @param precision arithmetic of the vision tower
 * @param device {@code cpu}, {@code gpu} or {@code gpuN}
 * @param threads that one call shares its images out to; 0 means as many as there are cores.
 *     Callers that run side by side want 1 each
 * @param activation of a checkpoint that does not say; wins over one that does
 * @param heads per vision layer of a checkpoint that does not say; wins over one that does
 * @param maxBatch images computed at once; longer lists are split. Bounds the memory
 */
public record ClipOptions(
    Precision precision,
    String device,
    int threads,
    Optional<Activation> activation,
    OptionalInt heads,
    int maxBatch) {
  /** Images at once by default. */
  public static final int DEFAULT_MAX_BATCH = 32;

  /**
   * @throws IllegalArgumentException if a number is out of range or the device is not understood
   */
  public ClipOptions {
    Objects.requireNonNull(precision);
    Objects.requireNonNull(activation);
    Objects.requireNonNull(heads);
    if (!device.matches("cpu|gpu\\d*")) {
      throw new IllegalArgumentException(
          "device: %s (expected: cpu, gpu or gpu0, gpu1, …)".formatted(device));
    }
    if (threads < 0) {
      throw new IllegalArgumentException("threads: %d (expected: >= 0)".formatted(threads));
    }
    if (maxBatch < 1) {
      throw new IllegalArgumentException("max batch: %d (expected: >= 1)".formatted(maxBatch));
    }
  }

  /** float32 on all cores of the CPU, as the checkpoint says. */
  public static ClipOptions defaults() {
    return new ClipOptions(
        Precision.FP32, "cpu", 0, Optional.empty(), OptionalInt.empty(), DEFAULT_MAX_BATCH);
  }

  int effectiveThreads() {
    return threads == 0 ? Runtime.getRuntime().availableProcessors() : threads;
  }

  public ClipOptions withPrecision(Precision other) {
    return new ClipOptions(other, device, threads, activation, heads, maxBatch);
  }

  public ClipOptions withDevice(String other) {
    return new ClipOptions(precision, other, threads, activation, heads, maxBatch);
  }

  public ClipOptions withThreads(int other) {
    return new ClipOptions(precision, device, other, activation, heads, maxBatch);
  }

  public ClipOptions withActivation(Activation other) {
    return new ClipOptions(precision, device, threads, Optional.of(other), heads, maxBatch);
  }

  public ClipOptions withHeads(int other) {
    return new ClipOptions(precision, device, threads, activation, OptionalInt.of(other), maxBatch);
  }

  public ClipOptions withMaxBatch(int other) {
    return new ClipOptions(precision, device, threads, activation, heads, other);
  }
}
