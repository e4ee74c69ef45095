package io.headgate.faults;

import static org.assertj.core.api.Assertions.assertThat;

import io.headgate.v1.DetectorScore;
import io.headgate.v1.Route;
import io.headgate.v1.Verdict;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class AuditTest {
  private final Outcome clean = judged("clean", verdict(0.25f));
  private final Outcome quarantined = judged("quarantined", verdict(0.75f));
  private final Outcome dead =
      new Outcome("dead-letter", "aa", Map.of("headgate_error_code", "NULL_VALUE"), null);
  private final Audit audit = new Audit(Map.of("a", clean, "b", quarantined, "c", dead));

  @Test
  void findsNothingWhenEveryIdCameOutOnceAsExpected() {
    audit.enter("c", dead);
    audit.enter("a", clean);
    audit.enter("b", quarantined);

    Audit.Result result = audit.result();
    assertThat(result.ok()).isTrue();
    assertThat(result.identical()).isEqualTo(3);
    assertThat(result.routes()).isEqualTo(Map.of("clean", 1, "quarantined", 1, "dead-letter", 1));
  }

  @Test
  void findsALoss() {
    audit.enter("a", clean);
    audit.enter("c", dead);

    Audit.Result result = audit.result();
    assertThat(result.exactlyOnce()).isFalse();
    assertThat(result.lost()).extracting(Audit.Finding::id).containsExactly("b");
  }

  @Test
  void findsADuplicateInTheSameTopicAndInAnother() {
    audit.enter("a", clean);
    audit.enter("a", clean);
    audit.enter("b", quarantined);
    audit.enter("b", dead);
    audit.enter("c", dead);

    Audit.Result result = audit.result();
    assertThat(result.exactlyOnce()).isFalse();
    assertThat(result.duplicated())
        .extracting(Audit.Finding::id)
        .containsExactlyInAnyOrder("a", "b");
  }

  @Test
  void findsAnIdThatNobodySubmitted() {
    enterAll();
    audit.enter("z", clean);

    assertThat(audit.result().exactlyOnce()).isFalse();
    assertThat(audit.result().strangers()).extracting(Audit.Finding::id).containsExactly("z");
  }

  @Test
  void findsAChangedRoute() {
    audit.enter("a", judged("repaired", verdict(0.25f)));
    audit.enter("b", quarantined);
    audit.enter("c", dead);

    Audit.Result result = audit.result();
    assertThat(result.exactlyOnce()).isTrue();
    assertThat(result.ok()).isFalse();
    assertThat(result.changed())
        .containsExactly(new Audit.Finding("a", "repaired (expected: clean)"));
  }

  @Test
  void findsAChangedNumberInAVerdict() {
    audit.enter("a", judged("clean", verdict(0.26f)));

    assertThat(audit.result().changed())
        .singleElement()
        .satisfies(finding -> assertThat(finding.what()).startsWith("embedding[0]: 0.26"));
  }

  @Test
  void findsAVerdictByAnotherCalibration() {
    Verdict other = verdict(0.25f);
    other.setCalibrationId("another");
    audit.enter("a", judged("clean", other));

    assertThat(audit.result().changed())
        .singleElement()
        .satisfies(finding -> assertThat(finding.what()).startsWith("calibrationId: another"));
  }

  @Test
  void findsAChangedEventAndAChangedHeader() {
    audit.enter("a", new Outcome("clean", "ff", clean.headers(), clean.verdict()));
    audit.enter("b", new Outcome("quarantined", "aa", Map.of(), quarantined.verdict()));
    audit.enter(
        "c",
        new Outcome("dead-letter", "aa", Map.of("headgate_error_code", "CORRUPT_RECORD"), null));

    assertThat(audit.result().changed())
        .extracting(Audit.Finding::id)
        .containsExactly("a", "b", "c");
  }

  @Test
  void letsRoundingPassAndSaysHowLargeItWas() {
    audit.enter("a", judged("clean", verdict(0.250001f)));
    audit.enter("b", quarantined);
    audit.enter("c", dead);

    Audit.Result result = audit.result();
    assertThat(result.ok()).isTrue();
    assertThat(result.identical()).isEqualTo(2);
    assertThat(result.deviation()).isBetween(5e-7, 2e-6);
  }

  @Test
  void setsApartWhatRoundingMayDecide() {
    Verdict before = verdict(0.25f);
    before.setBorderline(true);
    Verdict after = verdict(0.25f);
    after.setBorderline(true);
    Audit borderline = new Audit(Map.of("a", judged("clean", before)));
    borderline.enter("a", judged("repaired", after));

    assertThat(borderline.result().ok()).isTrue();
    assertThat(borderline.result().borderline()).extracting(Audit.Finding::id).containsExactly("a");
  }

  private void enterAll() {
    audit.enter("a", clean);
    audit.enter("b", quarantined);
    audit.enter("c", dead);
  }

  private static Outcome judged(String route, Verdict verdict) {
    return new Outcome(route, "aa", Map.of("traceparent", "00-1-1-01"), verdict);
  }

  private static Verdict verdict(float number) {
    return Verdict.newBuilder()
        .setRoute(Route.CLEAN)
        .setInfectedHeads(List.of())
        .setScores(List.of(new DetectorScore("d", 1.0, 2.0, false)))
        .setEmbedding(List.of(number))
        .setCalibrationId("calibration")
        .build();
  }
}
