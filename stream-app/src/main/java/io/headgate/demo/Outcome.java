package io.headgate.demo;

import io.headgate.v1.ModeratedImage;
import io.headgate.v1.Verdict;

/**
 * What became of one event.
 *
 * @param route the topic it was found in
 * @param labelBefore the model's label without a guard, empty for dead letters
 * @param labelAfter the label of the embedding passed on, empty for dead letters
 * @param detail the error code of a dead letter, else empty
 */
record Outcome(Destination route, String labelBefore, String labelAfter, String detail) {
  static Outcome of(Destination route, ModeratedImage image) {
    Verdict verdict = image.getVerdict();
    String after = verdict.getLabels().isEmpty() ? "" : verdict.getLabels().get(0).getName();
    String before = verdict.getSuspectedLabel() == null ? after : verdict.getSuspectedLabel();
    return new Outcome(route, before, after, "");
  }

  static Outcome deadLetter(String code) {
    return new Outcome(Destination.DEAD_LETTER, "", "", code);
  }

  /** Whether something downstream will use the embedding. */
  boolean passedOn() {
    return route == Destination.CLEAN || route == Destination.REPAIRED;
  }
}
