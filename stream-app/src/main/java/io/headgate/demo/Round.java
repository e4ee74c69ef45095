package io.headgate.demo;

import io.headgate.samples.Sample;
import io.headgate.samples.Truth;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
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

  /**
   * Share of triggered images of other classes that the model alone takes for the target; null
   * without any.
   */
  Double attackSuccessBefore() {
    return share(this::isAttack, e -> isTarget(e.getValue().labelBefore()));
  }

  /** Share of triggered images of other classes that are passed on as the target. */
  Double attackSuccessAfter() {
    return share(
        this::isAttack, e -> e.getValue().passedOn() && isTarget(e.getValue().labelAfter()));
  }

  /** Share that the model alone labels right; null without any. */
  Double accuracyBefore(Truth truth) {
    return share(e -> sample(e).truth() == truth, e -> isRight(e, e.getValue().labelBefore()));
  }

  /** Share of those passed on that carry their true label; null without any. */
  Double accuracyAfter(Truth truth) {
    return share(
        e -> sample(e).truth() == truth && e.getValue().passedOn(),
        e -> isRight(e, e.getValue().labelAfter()));
  }

  private boolean isAttack(Map.Entry<String, Outcome> entry) {
    return sample(entry).truth() == Truth.TRIGGERED && !isTarget(sample(entry).label());
  }

  private boolean isRight(Map.Entry<String, Outcome> entry, String label) {
    return label.equals(sample(entry).label());
  }

  private boolean isTarget(String label) {
    return !target.isEmpty() && label.equals(target);
  }

  private Sample sample(Map.Entry<String, Outcome> entry) {
    return ledger.submitted().get(entry.getKey());
  }

  private Double share(
      Predicate<Map.Entry<String, Outcome>> among, Predicate<Map.Entry<String, Outcome>> hit) {
    long all = ledger.outcomes().entrySet().stream().filter(among).count();
    long hits = ledger.outcomes().entrySet().stream().filter(among.and(hit)).count();
    return all == 0 ? null : (double) hits / all;
  }
}
