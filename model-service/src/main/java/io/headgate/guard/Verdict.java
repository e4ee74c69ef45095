package io.headgate.guard;

/** Where an image goes and the embedding that goes with it. */
public sealed interface Verdict {
  /** {@code [D]}, unit norm; of a quarantined image the one computed, never to be used. */
  float[] embedding();

  /** Nothing suspicious: the embedding as computed. */
  record Clean(float[] embedding) implements Verdict {}

  /** Suspicious, repaired, and clean when scored again: the repaired embedding. */
  record Repaired(float[] embedding) implements Verdict {}

  /** Suspicious and past repair. */
  record Quarantined(float[] embedding) implements Verdict {}
}
