package io.headgate.demo;

import io.headgate.samples.Sample;
import java.util.HashMap;
import java.util.Map;

/**
 * The account of every event: what was submitted, what came out, how often.
 *
 * <p>Used by one thread at a time.
 */
final class Ledger {
  private final Map<String, Sample> submitted;
  private final Map<String, Outcome> outcomes = new HashMap<>();
  private long duplicated;
  private long strangers;

  Ledger(Plan plan) {
    this.submitted = plan.events();
  }

  /**
   * Enters one output record.
   *
   * @return whether it settled an event that was still open
   */
  boolean enter(String id, Outcome outcome) {
    if (!submitted.containsKey(id)) {
      strangers++;
      return false;
    }
    if (outcomes.putIfAbsent(id, outcome) != null) {
      duplicated++;
      return false;
    }
    return true;
  }

  Map<String, Sample> submitted() {
    return submitted;
  }

  /** First outcome by id. */
  Map<String, Outcome> outcomes() {
    return outcomes;
  }

  long lost() {
    return submitted.size() - outcomes.size();
  }

  /** Output records beyond the first of their id. */
  long duplicated() {
    return duplicated;
  }

  /** Output records of ids that nobody submitted. */
  long strangers() {
    return strangers;
  }

  boolean complete() {
    return lost() == 0;
  }
}
