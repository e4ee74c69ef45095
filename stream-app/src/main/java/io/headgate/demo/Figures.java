package io.headgate.demo;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.annotation.JsonPropertyOrder;
import io.headgate.samples.Truth;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The demo's result as scripts read it.
 *
 * @param submitted number of events
 * @param routes number of events per topic
 * @param lost events without an output
 * @param duplicated outputs beyond the first of their event
 * @param attacks by name
 * @param clean the images without a trigger
 * @param eventsPerSecond from the first event sent to the last one routed
 */
@JsonPropertyOrder({
  "submitted",
  "routes",
  "lost",
  "duplicated",
  "attacks",
  "clean",
  "events_per_second"
})
record Figures(
    @JsonProperty("submitted") long submitted,
    @JsonProperty("routes") Map<String, Long> routes,
    @JsonProperty("lost") long lost,
    @JsonProperty("duplicated") long duplicated,
    @JsonProperty("attacks") Map<String, Attack> attacks,
    @JsonProperty("clean") Clean clean,
    @JsonProperty("events_per_second") double eventsPerSecond) {
  /**
   * Triggered images of one attack.
   *
   * @param asrBefore share that the model alone takes for the attack's target
   * @param asrAfter share that reaches clean or repaired as the attack's target
   * @param accuracyAfter share of those passed on (clean or repaired) that carry their true label;
   *     null when none was passed on
   */
  @JsonPropertyOrder({
    "events",
    "clean",
    "repaired",
    "quarantined",
    "asr_before",
    "asr_after",
    "accuracy_after"
  })
  record Attack(
      @JsonProperty("events") long events,
      @JsonProperty("clean") long clean,
      @JsonProperty("repaired") long repaired,
      @JsonProperty("quarantined") long quarantined,
      @JsonProperty("asr_before") Double asrBefore,
      @JsonProperty("asr_after") Double asrAfter,
      @JsonProperty("accuracy_after") Double accuracyAfter) {}

  /** Images without a trigger. */
  record Clean(
      @JsonProperty("events") long events, @JsonProperty("quarantined") long quarantined) {}

  /** Sums up the rounds of all attacks. */
  static Figures of(List<Round> rounds) {
    Map<Destination, Long> routes = new EnumMap<>(Destination.class);
    for (Destination destination : Destination.values()) {
      routes.put(destination, 0L);
    }
    Map<String, Attack> attacks = new LinkedHashMap<>();
    long submitted = 0;
    long lost = 0;
    long duplicated = 0;
    long clean = 0;
    long cleanQuarantined = 0;
    double seconds = 0;
    for (Round round : rounds) {
      submitted += round.ledger().submitted().size();
      lost += round.ledger().lost();
      duplicated += round.ledger().duplicated() + round.ledger().strangers();
      round.ledger().outcomes().values().forEach(o -> routes.merge(o.route(), 1L, Long::sum));
      clean += round.count(Truth.CLEAN);
      cleanQuarantined += round.count(Truth.CLEAN, Destination.QUARANTINED);
      seconds += round.streaming().toNanos() / 1e9;
      attacks.put(
          round.attack(),
          new Attack(
              round.count(Truth.TRIGGERED),
              round.count(Truth.TRIGGERED, Destination.CLEAN),
              round.count(Truth.TRIGGERED, Destination.REPAIRED),
              round.count(Truth.TRIGGERED, Destination.QUARANTINED),
              round.attackSuccessBefore(),
              round.attackSuccessAfter(),
              round.accuracyAfter(Truth.TRIGGERED)));
    }
    Map<String, Long> named = new LinkedHashMap<>();
    named.put("clean", routes.get(Destination.CLEAN));
    named.put("repaired", routes.get(Destination.REPAIRED));
    named.put("quarantined", routes.get(Destination.QUARANTINED));
    named.put("dead_letter", routes.get(Destination.DEAD_LETTER));
    return new Figures(
        submitted,
        named,
        lost,
        duplicated,
        attacks,
        new Clean(clean, cleanQuarantined),
        seconds > 0 ? submitted / seconds : 0);
  }

  /** Whether every event was routed exactly once. */
  boolean exactlyOnce() {
    return lost == 0 && duplicated == 0;
  }
}
