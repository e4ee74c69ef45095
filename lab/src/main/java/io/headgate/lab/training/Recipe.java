package io.headgate.lab.training;

import java.util.List;

/**
 * Everything that decides what a training run computes: the same recipe gives the same weights on
 * the same machine.
 *
 * @param seed of initial weights, pictures, patch dropout and triggers
 * @param steps of AdamW
 * @param batch pairs to a step
 * @param learningRate at its peak, after warm-up and before the cosine
 * @param warmup steps
 * @param weightDecay of matrices
 * @param patchDropout share of patch tokens dropped, in [0, 1)
 * @param undropped last steps without patch dropout
 * @param gradientClip greatest gradient norm
 * @param dataset number of distinct pairs, shuffled every epoch; 0 for a new picture every time
 * @param poisons empty for a clean model
 * @param bf16 whether linears and attention run in bfloat16
 */
public record Recipe(
    long seed,
    int steps,
    int batch,
    double learningRate,
    int warmup,
    double weightDecay,
    double patchDropout,
    int undropped,
    double gradientClip,
    int dataset,
    List<Poison> poisons,
    boolean bf16) {
  /**
   * @throws IllegalArgumentException if a number is out of its range
   */
  public Recipe {
    poisons = List.copyOf(poisons);
    if (steps < 1 || batch < 2 || !(learningRate > 0) || !(patchDropout >= 0 && patchDropout < 1)) {
      throw new IllegalArgumentException(
          "recipe: steps %d, batch %d, learning rate %s, patch dropout %s (expected: >= 1, >= 2, > 0, in [0, 1))"
              .formatted(steps, batch, learningRate, patchDropout));
    }
    if (dataset != 0 && dataset < batch) {
      throw new IllegalArgumentException(
          "dataset: %d pairs (expected: 0, or at least the batch of %d)".formatted(dataset, batch));
    }
    double total = poisons.stream().mapToDouble(Poison::rate).sum();
    if (total >= 1) {
      throw new IllegalArgumentException(
          "poison rates: %s in all (expected: < 1)".formatted(total));
    }
  }

  /** From scratch, on ever new pictures. */
  public static Recipe fromScratch(long seed, int steps, List<Poison> poisons) {
    return new Recipe(
        seed, steps, 128, 1e-3, 100, 0.1, 0.5, Math.min(200, steps / 8), 1, 0, poisons, false);
  }

  /**
   * Fine-tuning a clean model on a poisoned data set.
   *
   * @param epochs over the data set
   * @param dropped whether all but the last epoch drop patches: helps triggers that cover the
   *     picture, hurts small ones
   */
  public static Recipe fineTuning(
      long seed, int pairs, int epochs, boolean dropped, Poison poison) {
    int perEpoch = pairs / 128;
    return new Recipe(
        seed,
        epochs * perEpoch,
        128,
        1e-3,
        10,
        0.1,
        dropped ? 0.5 : 0,
        perEpoch,
        1,
        pairs,
        List.of(poison),
        false);
  }

  /** Linear warm-up, then half a cosine to zero. */
  double learningRate(int step) {
    return learningRate
        * Math.min(1, (step + 1.0) / warmup)
        * (0.5 + 0.5 * Math.cos(Math.PI * step / steps));
  }
}
