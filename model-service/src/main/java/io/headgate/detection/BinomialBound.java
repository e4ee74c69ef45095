package io.headgate.detection;

/** Exact bounds on a rate that was measured by counting (Clopper and Pearson 1934). */
public final class BinomialBound {
  private BinomialBound() {}

  /**
   * The one-sided upper bound: the largest rate at which seeing at most {@code events} of {@code
   * trials} still has probability 1 − confidence.
   *
   * @return in (0, 1]; 1 without trials
   */
  public static double upper(long events, long trials, double confidence) {
    checkCounts(events, trials);
    checkConfidence(confidence);
    if (events >= trials) {
      return 1;
    }
    double low = (double) events / trials;
    double high = 1;
    for (int i = 0; i < 200 && high - low > 1e-15; i++) {
      double p = (low + high) / 2;
      if (cumulative(events, trials, p) > 1 - confidence) {
        low = p;
      } else {
        high = p;
      }
    }
    return high;
  }

  /** The one-sided lower bound: 1 − upper(trials − events). */
  public static double lower(long events, long trials, double confidence) {
    return 1 - upper(trials - events, trials, confidence);
  }

  /**
   * The fewest clean images of which none may be flagged for the upper bound to be at most the
   * rate: 299 for 1 % at 95 %.
   */
  public static long fewestTrials(double rate, double confidence) {
    checkConfidence(confidence);
    if (!(rate > 0 && rate < 1)) {
      throw new IllegalArgumentException(
          "rate: %s (expected: between 0 and 1, both excluded)".formatted(rate));
    }
    return (long) Math.ceil(Math.log1p(-confidence) / Math.log1p(-rate) - 1e-12);
  }

  /**
   * The probability of at least so many false alarms by luck, where the threshold was set for a
   * rate on images of the same kind (see {@link DetectorFitting#threshold}): beta-binomial, since
   * the threshold itself is uncertain.
   *
   * @param events false alarms
   * @param trials images that were not fitted on
   * @param fitted images that set the threshold
   */
  public static double excess(long events, long trials, long fitted, double rate) {
    checkCounts(events, trials);
    double rank = Math.min(fitted, Math.ceil((fitted + 1) * (1 - rate) - 1e-9));
    double above = fitted + 1 - rank;
    double term = 1; // P(X = 0)
    for (long i = 0; i < trials; i++) {
      term *= (rank + i) / (above + rank + i);
    }
    double below = 0;
    for (long k = 0; k < events; k++) {
      below += term;
      term *= (trials - k) * (above + k) / ((k + 1.0) * (rank + trials - k - 1));
    }
    return Math.max(0, Math.min(1, 1 - below));
  }

  /** P(X ≤ events) for X binomial. */
  private static double cumulative(long events, long trials, double p) {
    if (p <= 0) {
      return 1;
    }
    if (p >= 1) {
      return events >= trials ? 1 : 0;
    }
    double logTerm = trials * Math.log1p(-p);
    double ratio = Math.log(p) - Math.log1p(-p);
    double sum = Math.exp(logTerm);
    for (long k = 1; k <= events; k++) {
      logTerm += Math.log((trials - k + 1.0) / k) + ratio;
      sum += Math.exp(logTerm);
    }
    return Math.min(1, sum);
  }

  private static void checkCounts(long events, long trials) {
    if (events < 0 || trials < 0 || events > trials) {
      throw new IllegalArgumentException(
          "events: %d of %d trials (expected: 0 ≤ events ≤ trials)".formatted(events, trials));
    }
  }

  private static void checkConfidence(double confidence) {
    if (!(confidence > 0 && confidence < 1)) {
      throw new IllegalArgumentException(
          "confidence: %s (expected: between 0 and 1, both excluded)".formatted(confidence));
    }
  }
}
