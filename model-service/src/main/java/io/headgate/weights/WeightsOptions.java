package io.headgate.weights;

import java.util.Objects;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * What a user says about a checkpoint. A value given here wins over the checkpoint's configuration.
 *
 * @param activation of the MLPs
 * @param heads per layer of the vision tower
 * @param textHeads per layer of the text tower; when empty and the file does not say: width / 64 if
 *     that is whole, else as many as give the vision tower's head width
 */
public record WeightsOptions(
    Optional<Activation> activation, OptionalInt heads, OptionalInt textHeads) {
  /**
   * @throws IllegalArgumentException if a number of heads is not positive
   */
  public WeightsOptions {
    Objects.requireNonNull(activation);
    if (heads.orElse(1) < 1 || textHeads.orElse(1) < 1) {
      throw new IllegalArgumentException(
          "heads: %s, text heads: %s (expected: > 0)".formatted(heads, textHeads));
    }
  }

  /** The checkpoint says everything itself. */
  public static WeightsOptions none() {
    return new WeightsOptions(Optional.empty(), OptionalInt.empty(), OptionalInt.empty());
  }

  /** What a checkpoint without configuration needs. */
  public static WeightsOptions of(Activation activation, int heads) {
    return new WeightsOptions(Optional.of(activation), OptionalInt.of(heads), OptionalInt.empty());
  }
}
