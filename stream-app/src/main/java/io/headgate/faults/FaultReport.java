package io.headgate.faults;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonPropertyOrder;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/** A run's figures, as JSON and as text. */
@JsonPropertyOrder({
  "ok",
  "exactly_once",
  "seed",
  "events",
  "kills",
  "faults",
  "routes",
  "lost",
  "duplicated",
  "strangers",
  "changed",
  "borderline",
  "identical",
  "largest_deviation",
  "behind"
})
record FaultReport(
    boolean ok,
    @JsonProperty("exactly_once") boolean exactlyOnce,
    long seed,
    int events,
    int kills,
    Map<String, Integer> faults,
    Map<String, Integer> routes,
    int lost,
    int duplicated,
    int strangers,
    int changed,
    int borderline,
    long identical,
    @JsonProperty("largest_deviation") double largestDeviation,
    long behind,
    @JsonProperty("disk_full") boolean diskFull,
    @JsonProperty("unexpected_exits") List<String> unexpectedExits,
    int processors,
    Map<String, Double> seconds,
    Map<String, List<Audit.Finding>> offending) {
  private static final int SHOWN = 20;

  static FaultReport of(FaultOptions options, FaultRun.Result result) {
    Audit.Result audit = result.audit();
    Map<String, List<Audit.Finding>> offending = new TreeMap<>();
    offending.put("lost", audit.lost());
    offending.put("duplicated", audit.duplicated());
    offending.put("strangers", audit.strangers());
    offending.put("changed", audit.changed());
    offending.put("borderline", audit.borderline());
    offending.values().removeIf(List::isEmpty);
    return new FaultReport(
        result.ok(),
        audit.exactlyOnce(),
        options.seed(),
        audit.submitted(),
        result.kills(),
        result.faults(),
        new TreeMap<>(audit.routes()),
        audit.lost().size(),
        audit.duplicated().size(),
        audit.strangers().size(),
        audit.changed().size(),
        audit.borderline().size(),
        audit.identical(),
        audit.deviation(),
        result.behind(),
        result.diskFull(),
        result.unexpected(),
        Runtime.getRuntime().availableProcessors(),
        result.seconds(),
        offending);
  }

  /** For people. */
  String text() {
    StringBuilder text = new StringBuilder();
    line(text, "events        %,d submitted, %s", events, routes);
    line(text, "faults        %d SIGKILLs; %s", kills, faults);
    line(text, "lost          %d", lost);
    line(text, "duplicated    %d", duplicated);
    line(text, "strangers     %d", strangers);
    line(
        text,
        "changed       %d (of the rest %,d identical to the last bit, numbers of the others within %.1e)",
        changed,
        identical,
        largestDeviation);
    line(text, "borderline    %d decided the other way by rounding", borderline);
    line(text, "uncommitted   %d records of the source", behind);
    unexpectedExits.forEach(exit -> line(text, "exit          %s", exit));
    offending.forEach(
        (kind, findings) -> {
          findings.stream()
              .limit(SHOWN)
              .forEach(finding -> line(text, "%-13s %s %s", kind, finding.id(), finding.what()));
          if (findings.size() > SHOWN) {
            line(text, "%-13s … and %d more", kind, findings.size() - SHOWN);
          }
        });
    line(
        text,
        ok
            ? "Every event exactly once, each as without faults."
            : exactlyOnce ? "Exactly once, but not as without faults." : "NOT exactly once.");
    return text.toString();
  }

  private static void line(StringBuilder text, String format, Object... values) {
    text.append(String.format(Locale.ROOT, format, values)).append('\n');
  }
}
