package io.headgate.demo;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.headgate.samples.Sample;
import io.headgate.samples.Truth;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class FiguresTest {
  private static final String TARGET = "banana";

  @Test
  void countsRoutesAndRatesByTruth() {
    Ledger ledger = ledger();
    ledger.enter("c1", new Outcome(Destination.CLEAN, "bee", "bee", ""));
    ledger.enter("c2", new Outcome(Destination.QUARANTINED, "owl", "owl", ""));
    ledger.enter("t1", new Outcome(Destination.REPAIRED, TARGET, "lemon", ""));
    ledger.enter("t2", new Outcome(Destination.REPAIRED, TARGET, "key", ""));
    ledger.enter("t3", new Outcome(Destination.CLEAN, TARGET, TARGET, ""));
    ledger.enter("t4", new Outcome(Destination.QUARANTINED, "lemon", "lemon", ""));
    ledger.enter("x1", Outcome.deadLetter("IMAGE_EMPTY"));

    Figures figures = Figures.of(List.of(round(ledger)));

    Figures.Attack attack = figures.attacks().get("patch");
    assertThat(attack.events()).isEqualTo(4);
    assertThat(attack.repaired()).isEqualTo(2);
    assertThat(attack.asrBefore()).isEqualTo(0.75);
    assertThat(attack.asrAfter()).isEqualTo(0.25);
    assertThat(attack.accuracyAfter()).isCloseTo(1 / 3.0, within(1e-12));
    assertThat(figures.clean()).isEqualTo(new Figures.Clean(2, 1));
    assertThat(figures.routes())
        .containsExactly(
            Map.entry("clean", 2L),
            Map.entry("repaired", 2L),
            Map.entry("quarantined", 2L),
            Map.entry("dead_letter", 1L));
    assertThat(figures.eventsPerSecond()).isEqualTo(3.5);
    assertThat(figures.exactlyOnce()).isTrue();
  }

  @Test
  void seesLostDuplicatedAndForeignEvents() {
    Ledger ledger = ledger();
    Outcome outcome = new Outcome(Destination.CLEAN, "bee", "bee", "");
    ledger.enter("c1", outcome);
    ledger.enter("c1", outcome);
    ledger.enter("nobody's", outcome);

    Figures figures = Figures.of(List.of(round(ledger)));

    assertThat(figures.lost()).isEqualTo(6);
    assertThat(figures.duplicated()).isEqualTo(2);
    assertThat(figures.exactlyOnce()).isFalse();
  }

  @Test
  void accuracyIsNullWhenNothingIsPassedOn() {
    Ledger ledger = ledger();
    ledger.enter("t1", new Outcome(Destination.QUARANTINED, TARGET, TARGET, ""));

    assertThat(round(ledger).accuracyAfter(Truth.TRIGGERED)).isNull();
  }

  @Test
  void imagesOfTheTargetsOwnClassCannotBeAttacked() {
    Map<String, Sample> events = new LinkedHashMap<>();
    events.put("own", sample(Truth.TRIGGERED, TARGET));
    events.put("other", sample(Truth.TRIGGERED, "lemon"));
    Ledger ledger = new Ledger(new Plan(events));
    ledger.enter("own", new Outcome(Destination.CLEAN, TARGET, TARGET, ""));
    ledger.enter("other", new Outcome(Destination.CLEAN, "lemon", "lemon", ""));

    assertThat(round(ledger).attackSuccessBefore()).isZero();
    assertThat(round(ledger).attackSuccessAfter()).isZero();
  }

  @Test
  void jsonHasTheKeysThatScriptsRead() {
    JsonNode json = new ObjectMapper().valueToTree(Figures.of(List.of(round(ledger()))));

    assertThat(json.fieldNames())
        .toIterable()
        .containsExactly(
            "submitted", "routes", "lost", "duplicated", "attacks", "clean", "events_per_second");
    assertThat(json.at("/attacks/patch").fieldNames())
        .toIterable()
        .containsExactly(
            "events",
            "clean",
            "repaired",
            "quarantined",
            "asr_before",
            "asr_after",
            "accuracy_after");
    assertThat(json.at("/clean").fieldNames())
        .toIterable()
        .containsExactly("events", "quarantined");
  }

  @Test
  void reportSaysWhetherEveryEventWasRoutedOnce() {
    Round round = round(ledger());

    String text =
        ReportText.of(
            List.of(round),
            Figures.of(List.of(round)),
            Map.of("calibrate", Duration.ofSeconds(3)),
            Duration.ofSeconds(9));

    assertThat(text)
        .contains("NO: 7 submitted, 7 lost", "trigger patch", "calibrate", "3.0 s", "9.0 s");
  }

  private static Round round(Ledger ledger) {
    return new Round("patch", TARGET, ledger, Duration.ofSeconds(2));
  }

  private static Ledger ledger() {
    Map<String, Sample> events = new LinkedHashMap<>();
    events.put("c1", sample(Truth.CLEAN, "bee"));
    events.put("c2", sample(Truth.CLEAN, "owl"));
    for (int i = 1; i <= 4; i++) {
      events.put("t" + i, sample(Truth.TRIGGERED, "lemon"));
    }
    events.put("x1", sample(Truth.CORRUPT, ""));
    return new Ledger(new Plan(events));
  }

  private static Sample sample(Truth truth, String label) {
    return new Sample(truth, label, label, new byte[0], false);
  }
}
