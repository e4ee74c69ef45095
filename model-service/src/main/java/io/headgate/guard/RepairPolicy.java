package io.headgate.guard;

import io.headgate.console.UsageException;
import java.util.Arrays;
import java.util.Locale;

/**
 * What is tried on a suspicious image. A repair counts only if the repaired image then scores
 * clean; otherwise the image is quarantined.
 */
public enum RepairPolicy {
  /** The tokens that carry the infected heads' share are dropped and the image runs again. */
  PRUNE,
  /** The paper's: infected heads of the last layer replaced by their prototypes, then also MLPs. */
  PAPER,
  /** The image's own most infected components replaced by their clean means. */
  ATTRIBUTION,
  /** Nothing: every suspicious image is quarantined. */
  NONE;

  /** Lower-case name, as in verdicts and options. */
  public String id() {
    return name().toLowerCase(Locale.ROOT);
  }

  /**
   * From {@link #id()}.
   *
   * @throws UsageException for an unknown name
   */
  public static RepairPolicy of(String id) {
    return Arrays.stream(values())
        .filter(p -> p.id().equals(id.toLowerCase(Locale.ROOT)))
        .findFirst()
        .orElseThrow(
            () ->
                new UsageException(
                    "repair policy: %s (expected: prune, paper, attribution or none)"
                        .formatted(id)));
  }
}
