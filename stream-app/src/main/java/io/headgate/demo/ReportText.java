package io.headgate.demo;

import io.headgate.samples.Truth;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/** The demo's result as people read it. */
final class ReportText {
  private ReportText() {}

  /**
   * @param phases where the time went
   * @param total since the process started
   */
  static String of(
      List<Round> rounds, Figures figures, Map<String, Duration> phases, Duration total) {
    StringBuilder text = new StringBuilder();
    text.append(routes(rounds)).append('\n').append(effect(rounds)).append('\n');
    for (Round round : rounds) {
      deadLetters(round, text);
    }
    long clean = figures.clean().events();
    text.append(
        "False quarantine   %s of clean images (%,d of %,d)%n"
            .formatted(
                percent(clean == 0 ? null : (double) figures.clean().quarantined() / clean),
                figures.clean().quarantined(),
                clean));
    text.append(
        "Exactly once       %s: %,d submitted, %,d lost, %,d duplicated%n"
            .formatted(
                figures.exactlyOnce() ? "yes" : "NO",
                figures.submitted(),
                figures.lost(),
                figures.duplicated()));
    text.append(
        String.format(
            Locale.ROOT,
            "Speed              %.0f events/s, from the first one sent to the last one routed%n",
            figures.eventsPerSecond()));
    text.append('\n').append(times(phases, total));
    return text.toString();
  }

  private static Table routes(List<Round> rounds) {
    Table table =
        new Table("Truth", "events", "clean", "repaired", "quarantined", "dead letter", "lost");
    for (Round round : rounds) {
      String suffix = rounds.size() > 1 ? " (model " + round.attack() + ")" : "";
      row(table, "clean image" + suffix, round, Truth.CLEAN);
      row(table, "trigger " + round.attack(), round, Truth.TRIGGERED);
      row(table, "corrupt" + suffix, round, Truth.CORRUPT);
    }
    return table;
  }

  private static void row(Table table, String name, Round round, Truth truth) {
    long events = round.count(truth);
    long clean = round.count(truth, Destination.CLEAN);
    long repaired = round.count(truth, Destination.REPAIRED);
    long quarantined = round.count(truth, Destination.QUARANTINED);
    long dead = round.count(truth, Destination.DEAD_LETTER);
    table.row(
        name,
        events,
        clean,
        repaired,
        quarantined,
        dead,
        events - clean - repaired - quarantined - dead);
  }

  private static Table effect(List<Round> rounds) {
    Table table =
        new Table(
            "Effect", "attack success", "guarded", "accuracy", "passed on", "accuracy of those");
    for (Round round : rounds) {
      String suffix = rounds.size() > 1 ? " (model " + round.attack() + ")" : "";
      table.row(
          "clean image" + suffix,
          "",
          "",
          percent(round.accuracyBefore(Truth.CLEAN)),
          passedOn(round, Truth.CLEAN),
          percent(round.accuracyAfter(Truth.CLEAN)));
      table.row(
          "trigger " + round.attack(),
          percent(round.attackSuccessBefore()),
          percent(round.attackSuccessAfter()),
          percent(round.accuracyBefore(Truth.TRIGGERED)),
          passedOn(round, Truth.TRIGGERED),
          percent(round.accuracyAfter(Truth.TRIGGERED)));
    }
    return table;
  }

  private static long passedOn(Round round, Truth truth) {
    return round.count(truth, Destination.CLEAN) + round.count(truth, Destination.REPAIRED);
  }

  private static void deadLetters(Round round, StringBuilder text) {
    Map<String, Long> codes = new TreeMap<>();
    round.ledger().outcomes().values().stream()
        .filter(o -> o.route() == Destination.DEAD_LETTER)
        .forEach(o -> codes.merge(o.detail(), 1L, Long::sum));
    if (!codes.isEmpty()) {
      text.append("Dead letters       ");
      text.append(
          String.join(
              ", ",
              codes.entrySet().stream().map(e -> e.getKey() + " × " + e.getValue()).toList()));
      text.append('\n');
    }
  }

  private static String times(Map<String, Duration> phases, Duration total) {
    Map<String, Duration> all = new LinkedHashMap<>(phases);
    all.put("in all, start of the JVM included", total);
    StringBuilder text = new StringBuilder("Where the time went\n");
    int width = all.keySet().stream().mapToInt(String::length).max().orElse(0);
    all.forEach(
        (phase, time) ->
            text.append(
                String.format(
                    Locale.ROOT, "  %-" + width + "s  %6.1f s%n", phase, time.toMillis() / 1e3)));
    return text.toString();
  }

  private static String percent(Double share) {
    return share == null ? "–" : String.format(Locale.ROOT, "%.1f %%", 100 * share);
  }
}
