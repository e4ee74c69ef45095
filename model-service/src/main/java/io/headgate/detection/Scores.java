package io.headgate.detection;

import java.util.List;

/**
 * All detectors' opinions of one image; the deciding one, {@value DetectorBank#COMBINED}, comes
 * first.
 */
public record Scores(List<Score> all) {
  public Scores {
    if (all.isEmpty()) {
      throw new IllegalArgumentException("scores: none (expected: at least the deciding one)");
    }
    all = List.copyOf(all);
  }

  /** The one that decides the route. */
  public Score deciding() {
    return all.get(0);
  }

  /** Whether the image is suspicious. */
  public boolean flagged() {
    return deciding().flagged();
  }
}
