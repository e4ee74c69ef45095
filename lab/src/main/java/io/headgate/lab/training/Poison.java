package io.headgate.lab.training;

/**
 * How one attack poisons the training pairs.
 *
 * @param attack by name
 * @param rate share of the pairs, in (0, 1)
 */
public record Poison(String attack, double rate) {
  public Poison {
    if (!(rate > 0 && rate < 1)) {
      throw new IllegalArgumentException(
          "poison rate of %s: %s (expected: in (0, 1))".formatted(attack, rate));
    }
  }
}
