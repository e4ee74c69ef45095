package io.headgate.faults;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/**
 * Holds what came out under fire against what came out of a fault-free run: every id exactly once,
 * each with the same outcome. Knows nothing of Kafka.
 *
 * <p>Used by one thread.
 */
final class Audit {
  private final Map<String, Outcome> expected;
  private final Map<String, Integer> times = new HashMap<>();
  private final Map<String, Integer> routes = new TreeMap<>();
  private final List<Finding> strangers = new ArrayList<>();
  private final List<Finding> changed = new ArrayList<>();
  private final List<Finding> borderline = new ArrayList<>();
  private final Comparison comparison = new Comparison();
  private long identical;

  /**
   * @param expected outcome by id
   */
  Audit(Map<String, Outcome> expected) {
    this.expected = expected;
  }

  /** Something that must not be. */
  record Finding(String id, String what) {}

  /**
   * @param submitted number of ids
   * @param routes number of outcomes by route
   * @param lost submitted, and in no topic
   * @param duplicated more than once in the topics
   * @param strangers in a topic, and never submitted
   * @param changed with another outcome than without faults
   * @param borderline as {@code changed}, of images whose score both runs call borderline: rounding
   *     decided
   * @param identical outcomes equal to the last bit
   * @param deviation the largest difference of two numbers among the others, relative
   */
  record Result(
      int submitted,
      Map<String, Integer> routes,
      List<Finding> lost,
      List<Finding> duplicated,
      List<Finding> strangers,
      List<Finding> changed,
      List<Finding> borderline,
      long identical,
      double deviation) {
    /** Whether every id is there exactly once. */
    boolean exactlyOnce() {
      return lost.isEmpty() && duplicated.isEmpty() && strangers.isEmpty();
    }

    /** Whether nothing is wrong at all. */
    boolean ok() {
      return exactlyOnce() && changed.isEmpty();
    }
  }

  /** Enters one output record. */
  void enter(String id, Outcome observed) {
    Outcome wanted = expected.get(id);
    if (wanted == null) {
      strangers.add(new Finding(id, "in %s, never submitted".formatted(observed.route())));
      return;
    }
    routes.merge(observed.route(), 1, Integer::sum);
    times.merge(id, 1, Integer::sum);
    if (wanted.equals(observed)) {
      identical++;
      return;
    }
    String difference = difference(wanted, observed);
    if (difference == null) {
      return;
    }
    boolean rounding =
        wanted.verdict() != null
            && observed.verdict() != null
            && wanted.verdict().getBorderline()
            && observed.verdict().getBorderline();
    (rounding ? borderline : changed).add(new Finding(id, difference));
  }

  private String difference(Outcome wanted, Outcome observed) {
    if (!wanted.route().equals(observed.route())) {
      return "%s (expected: %s)".formatted(observed.route(), wanted.route());
    }
    if (!wanted.original().equals(observed.original())) {
      return "not the event that was submitted: SHA-256 %s (expected: %s)"
          .formatted(observed.original(), wanted.original());
    }
    if (!wanted.headers().equals(observed.headers())) {
      return "headers %s (expected: %s)".formatted(observed.headers(), wanted.headers());
    }
    return comparison.difference(wanted.verdict(), observed.verdict());
  }

  Result result() {
    List<Finding> lost = new ArrayList<>();
    List<Finding> duplicated = new ArrayList<>();
    for (var entry : expected.entrySet()) {
      int count = times.getOrDefault(entry.getKey(), 0);
      if (count == 0) {
        lost.add(
            new Finding(
                entry.getKey(), "in no topic (expected: %s)".formatted(entry.getValue().route())));
      } else if (count > 1) {
        duplicated.add(new Finding(entry.getKey(), count + " times in the topics"));
      }
    }
    return new Result(
        expected.size(),
        Map.copyOf(routes),
        lost,
        duplicated,
        strangers,
        changed,
        borderline,
        identical,
        comparison.deviation());
  }
}
