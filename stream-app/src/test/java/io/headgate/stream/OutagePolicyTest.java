package io.headgate.stream;

import static io.headgate.stream.Harness.TOPICS;
import static io.headgate.stream.Harness.texts;
import static org.assertj.core.api.Assertions.assertThat;

import io.headgate.client.Backoff;
import io.headgate.client.ClientMetrics;
import io.headgate.client.FakeInspector;
import io.headgate.v1.ModeratedImage;
import java.time.Duration;
import org.apache.kafka.streams.test.TestRecord;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What happens to images while nobody can judge them. */
class OutagePolicyTest {
  private static final Timing IMPATIENT =
      new Timing(
          Duration.ofMillis(2),
          Duration.ofMillis(20),
          Duration.ofSeconds(2),
          1,
          new Backoff(Duration.ofMillis(10), Duration.ofMillis(50)),
          Duration.ofMillis(100),
          Duration.ofSeconds(60),
          Duration.ofMinutes(5),
          Duration.ofMillis(300),
          Duration.ofSeconds(5));

  @Test
  void isHoldUnlessChosen() {
    assertThat(GuardConfig.builder("b:1", "mock://x", "s:1").build().outagePolicy())
        .isEqualTo(OutagePolicy.HOLD);
  }

  @ParameterizedTest
  @CsvSource({"QUARANTINE, quarantine, quarantined", "PASS_UNVERIFIED, pass-unverified, clean"})
  void routesAndMarksWhatWasNotJudged(OutagePolicy policy, String name, String route) {
    try (Harness harness = harness(policy)) {
      harness.service.stop();
      harness.submit("a", TestEvents.inline("a", TestEvents.png(TestEvents.REPAIRED)));

      String topic = route.equals("clean") ? TOPICS.clean() : TOPICS.quarantined();
      TestRecord<byte[], byte[]> record = harness.only(topic);
      ModeratedImage image = harness.events.moderated(topic, record.value());
      assertThat(texts(record.headers()))
          .containsEntry(HeaderNames.UNVERIFIED, name)
          .containsEntry(HeaderNames.ROUTE, route)
          .containsEntry(HeaderNames.CALIBRATION, "")
          .containsEntry(HeaderNames.MODEL, "");
      assertThat(image.getVerdict().getUnverified()).isTrue();
      assertThat(image.getVerdict().getEmbedding()).isEmpty();
      assertThat(image.getJudgedSha256()).isNull();
      assertThat(harness.meters.get(GuardMetrics.UNVERIFIED).counter().count()).isEqualTo(1);
      assertThat(harness.meters.get(ClientMetrics.OUTAGE).gauge().value()).isPositive();
      assertThat(harness.meters.get(ClientMetrics.CIRCUIT).gauge().value()).isPositive();
    }
  }

  @Test
  void judgesAgainOnceTheServiceIsBack() {
    try (Harness harness = harness(OutagePolicy.QUARANTINE)) {
      harness.service.stop();
      harness.submit("a", TestEvents.inline("a", TestEvents.png(TestEvents.CLEAN)));
      harness.service.restart();
      // until the client has seen it, images are still put aside
      for (int i = 0; i < 600 && harness.read(TOPICS.clean()).isEmpty(); i++) {
        harness.submit("b" + i, TestEvents.inline("b" + i, TestEvents.png(TestEvents.CLEAN)));
      }

      harness.submit("c", TestEvents.inline("c", TestEvents.png(TestEvents.CLEAN)));

      TestRecord<byte[], byte[]> record = harness.only(TOPICS.clean());
      assertThat(texts(record.headers()))
          .containsEntry(HeaderNames.CALIBRATION, FakeInspector.CALIBRATION)
          .doesNotContainKey(HeaderNames.UNVERIFIED);
      assertThat(harness.meters.get(ClientMetrics.CIRCUIT).gauge().value()).isZero();
    }
  }

  @Test
  void stillRefusesWhatNeedsNoJudge() {
    try (Harness harness = harness(OutagePolicy.PASS_UNVERIFIED)) {
      harness.service.stop();
      harness.submit("a", TestEvents.inline("a", TestEvents.png(TestEvents.CLEAN)));
      harness.submit("b", TestEvents.inline("b", new byte[] {1, 2, 3}));

      assertThat(harness.code()).isEqualTo("IMAGE_NOT_AN_IMAGE");
    }
  }

  private static Harness harness(OutagePolicy policy) {
    return new Harness(
        "outage-" + policy, settings -> settings.outagePolicy(policy).timing(IMPATIENT));
  }
}
