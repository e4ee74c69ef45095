package io.headgate.guard;

/**
 * How images are judged. The defaults are what docs/detection.md measured.
 *
 * @param topLabels labels per image, at least 1
 * @param alwaysEvidence attach evidence to every image, at the price of one more pass
 * @param infectedComponents how many of the most infected heads a repair looks at
 * @param prunedTokens how many patch tokens pruning drops
 */
public record GuardOptions(
    int topLabels, boolean alwaysEvidence, int infectedComponents, int prunedTokens) {
  /** 5 labels, 3 heads, 2 tokens. */
  public static final GuardOptions DEFAULT = new GuardOptions(5, false, 3, 2);

  public GuardOptions {
    if (topLabels < 1 || infectedComponents < 1 || prunedTokens < 1) {
      throw new IllegalArgumentException(
          "guard options: %d labels, %d components, %d tokens (expected: at least 1 of each)"
              .formatted(topLabels, infectedComponents, prunedTokens));
    }
  }

  public GuardOptions withTopLabels(int count) {
    return new GuardOptions(count, alwaysEvidence, infectedComponents, prunedTokens);
  }

  public GuardOptions withEvidence(boolean always) {
    return new GuardOptions(topLabels, always, infectedComponents, prunedTokens);
  }
}
