package io.headgate.demo;

import io.headgate.samples.Sample;
import io.headgate.samples.Truth;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import java.util.function.Function;
import java.util.function.Predicate;

/**
 * One attack, from the first event sent to the last one routed.
 *
 * @param attack its name
 * @param target class that it aims at, empty when unknown
 * @param ledger every event and what became of it
 * @param streaming time from the first event sent to the last one routed
 */
record Round(String attack, String target, Ledger ledger, Duration streaming) {
  Round {
    Objects.requireNonNull(attack);
    Objects.requireNonNull(target);
  }

  long count(Truth truth) {
    return ledger.submitted().values().stream().filter(s -> s.truth() == truth).count();
  }

  long count(Truth truth, Destination destination) {
    return ledger.outcomes().entrySet().stream()
        .filter(e -> sample(e).truth() == truth && e.getValue().route() == destination)
        .count();
  }

  /** Share of triggered images that the model alone takes for the target; null without any. */
  Double attackSuccessBefore() {
    return share(Truth.TRIGGERED, o -> true, e -> isTarget(e.getValue().labelBefore()));
  }

  /** Share of triggered images that are passed on as the target; null without any. */
  Double attackSuccessAfter() {
    return share(
        Truth.TRIGGERED,
        o -> true,
        e -> e.getValue().passedOn() && isTarget(e.getValue().labelAfter()));
  }

  /** Share that the model alone labels right; null without any. */
  Double accuracyBefore(Truth truth) {
    return share(truth, o -> true, e -> e.getValue().labelBefore().equals(sample(e).label()));
  }

  /** Share of those passed on that carry their true label; null without any. */
  Double accuracyAfter(Truth truth) {
    return share(
        truth, Outcome::passedOn, e -> e.getValue().labelAfter().equals(sample(e).label()));
  }

  private boolean isTarget(String label) {
    return !target.isEmpty() && label.equals(target);
  }

  private Sample sample(Map.Entry<String, Outcome> entry) {
    return ledger.submitted().get(entry.getKey());
  }

  private Double share(
      Truth truth, Predicate<Outcome> among, Predicate<Map.Entry<String, Outcome>> hit) {
    Function<Predicate<Map.Entry<String, Outcome>>, Long> count =
        p ->
            ledger.outcomes().entrySet().stream()
                .filter(e -> sample(e).truth() == truth && among.test(e.getValue()) && p.test(e))
                .count();
    long all = count.apply(e -> true);
    return all == 0 ? null : (double) count.apply(hit) / all;
  }
}
