package io.headgate.lab.report;

/**
 * What the paper's findings are judged by, of one attack.
 *
 * @param local whether the trigger is a patch, and not all over the picture: dropping two tokens
 *     repairs more of the triggered pictures than are still held
 * @param asr without ablation
 * @param asrWithoutHeads with all heads of all layers at their clean means
 * @param asrWithoutMlps with all MLPs at theirs
 * @param asrWithoutLayerHeads {@code [L]}: with one layer's heads at their means
 * @param asrWithoutLayerMlp {@code [L]}: with one layer's MLP at its mean
 * @param headDiscrepancy {@code [L]}: MMD of each attention layer
 * @param lastHeadAuroc {@code [H]}: how well each last-layer head's similarity to its prototype
 *     alone tells triggered from clean pictures
 * @param wordOverlap {@code [H]}: share of the head's five words on clean pictures that are also
 *     among its five on triggered ones
 */
record Facts(
    String attack,
    boolean local,
    double asr,
    double asrWithoutHeads,
    double asrWithoutMlps,
    double[] asrWithoutLayerHeads,
    double[] asrWithoutLayerMlp,
    double[] headDiscrepancy,
    double[] lastHeadAuroc,
    double[] wordOverlap) {
  /** A head that tells triggered from clean at least this well counts as infected. */
  static final double INFECTED = 0.9;

  /** A head that does not tell them apart better than this counts as untouched. */
  static final double UNTOUCHED = 0.7;

  int infectedHeads() {
    int n = 0;
    for (double a : lastHeadAuroc) {
      n += a >= INFECTED ? 1 : 0;
    }
    return n;
  }

  int untouchedHeads() {
    int n = 0;
    for (double a : lastHeadAuroc) {
      n += a <= UNTOUCHED ? 1 : 0;
    }
    return n;
  }

  /** Mean word overlap of the untouched heads; NaN if there are none. */
  double overlapOfUntouched() {
    double sum = 0;
    for (int h = 0; h < lastHeadAuroc.length; h++) {
      sum += lastHeadAuroc[h] <= UNTOUCHED ? wordOverlap[h] : 0;
    }
    return sum / untouchedHeads();
  }

  static int largest(double[] values) {
    int best = 0;
    for (int i = 1; i < values.length; i++) {
      best = values[i] > values[best] ? i : best;
    }
    return best;
  }

  static int smallest(double[] values) {
    int best = 0;
    for (int i = 1; i < values.length; i++) {
      best = values[i] < values[best] ? i : best;
    }
    return best;
  }
}
