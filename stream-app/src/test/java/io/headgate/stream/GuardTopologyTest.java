package io.headgate.stream;

import static io.headgate.stream.Harness.TOPICS;
import static io.headgate.stream.Harness.code;
import static io.headgate.stream.Harness.texts;
import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.headgate.client.FakeInspector;
import io.headgate.v1.ImageSubmitted;
import io.headgate.v1.ModeratedImage;
import io.headgate.v1.Verdict;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.streams.test.TestRecord;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class GuardTopologyTest {
  private final Harness harness = new Harness("guard-topology-test");
  private final TestEvents events = harness.events;

  @AfterEach
  void stop() {
    harness.close();
  }

  @Test
  void routesWhatTheServiceCallsCleanToTheCleanTopic() {
    harness.submit("a", TestEvents.inline("a", TestEvents.png(TestEvents.CLEAN)));

    TestRecord<byte[], byte[]> clean = harness.only(TOPICS.clean());
    Verdict verdict = events.moderated(TOPICS.clean(), clean.value()).getVerdict();
    assertThat(verdict.getRoute()).isEqualTo(io.headgate.v1.Route.CLEAN);
    assertThat(verdict.getLabels().get(0).getName()).isEqualTo("red-" + TestEvents.CLEAN);
    assertThat(verdict.getUnverified()).isFalse();
  }

  @Test
  void routesWhatTheServiceRepairedToTheRepairedTopic() {
    harness.submit("a", TestEvents.inline("a", TestEvents.png(TestEvents.REPAIRED)));

    Verdict verdict =
        events.moderated(TOPICS.repaired(), harness.only(TOPICS.repaired()).value()).getVerdict();
    assertThat(verdict.getRoute()).isEqualTo(io.headgate.v1.Route.REPAIRED);
    assertThat(verdict.getEmbeddingRepaired()).isTrue();
    assertThat(verdict.getSuspectedLabel()).isEqualTo("banana");
  }

  @Test
  void routesWhatTheServiceQuarantinesToTheQuarantineWithEvidence() {
    harness.submit("a", TestEvents.inline("a", TestEvents.png(TestEvents.QUARANTINED)));

    Verdict verdict =
        events
            .moderated(TOPICS.quarantined(), harness.only(TOPICS.quarantined()).value())
            .getVerdict();
    assertThat(verdict.getRoute()).isEqualTo(io.headgate.v1.Route.QUARANTINED);
    assertThat(verdict.getEvidence()).isNotNull();
  }

  @Test
  void carriesTheSubmittedEventTheKeyAndTheJudgedHashUnchanged() throws Exception {
    ImageSubmitted event = TestEvents.inline("a", TestEvents.png(TestEvents.CLEAN));

    harness.submit("some-key", event);

    TestRecord<byte[], byte[]> clean = harness.only(TOPICS.clean());
    ModeratedImage image = events.moderated(TOPICS.clean(), clean.value());
    assertThat(clean.key()).isEqualTo("some-key".getBytes(UTF_8));
    assertThat(image.getSubmitted()).isEqualTo(event);
    assertThat(image.getJudgedSha256().bytes())
        .isEqualTo(
            java.security.MessageDigest.getInstance("SHA-256")
                .digest(TestEvents.png(TestEvents.CLEAN)));
  }

  @Test
  void passesForeignHeadersThroughAndAddsItsOwn() {
    Headers headers = new RecordHeaders();
    headers.add("ce_id", "e-1".getBytes(UTF_8));
    headers.add(
        "traceparent", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01".getBytes(UTF_8));
    headers.add("twice", new byte[] {1});
    headers.add("twice", new byte[] {2});
    headers.add("empty", null);

    harness.submit("a", TestEvents.inline("a", TestEvents.png(TestEvents.CLEAN)), headers);

    TestRecord<byte[], byte[]> clean = harness.only(TOPICS.clean());
    assertThat(clean.headers().toArray()).startsWith(headers.toArray());
    assertThat(texts(clean.headers()))
        .containsEntry(HeaderNames.ROUTE, "clean")
        .containsEntry(HeaderNames.MODEL, FakeInspector.MODEL)
        .containsEntry(HeaderNames.CALIBRATION, FakeInspector.CALIBRATION)
        .doesNotContainKeys(HeaderNames.UNVERIFIED, HeaderNames.DUPLICATE_OF);
  }

  @Test
  void replacesForgedHeaders() {
    Headers headers = new RecordHeaders();
    headers.add(HeaderNames.ROUTE, "clean".getBytes(UTF_8));
    headers.add(HeaderNames.MODEL, "trusted".getBytes(UTF_8));
    headers.add(HeaderNames.UNVERIFIED, "x".getBytes(UTF_8));
    headers.add(HeaderNames.DUPLICATE_OF, "7".getBytes(UTF_8));

    harness.submit("a", TestEvents.inline("a", TestEvents.png(TestEvents.QUARANTINED)), headers);

    Headers result = harness.only(TOPICS.quarantined()).headers();
    assertThat(result.headers(HeaderNames.ROUTE)).hasSize(1);
    assertThat(texts(result))
        .containsEntry(HeaderNames.ROUTE, "quarantined")
        .containsEntry(HeaderNames.MODEL, FakeInspector.MODEL)
        .doesNotContainKeys(HeaderNames.UNVERIFIED, HeaderNames.DUPLICATE_OF);
  }

  @Test
  void stampsOutputsWithTheTimeOfRouting() {
    for (Instant timestamp :
        List.of(Instant.EPOCH, Instant.parse("2100-01-01T00:00:00Z"), Harness.ROUTED_AT)) {
      harness.submit(
          null,
          events.bytes(TestEvents.inline("at-" + timestamp, TestEvents.png(TestEvents.CLEAN))),
          new RecordHeaders(),
          timestamp);
    }

    assertThat(harness.read(TOPICS.clean()))
        .hasSize(3)
        .allMatch(r -> r.getRecordTime().equals(Harness.ROUTED_AT));
  }

  @Test
  void givesARecordWithoutKeyItsIdAsKey() {
    harness.submit(null, events.bytes(TestEvents.inline("id-1", TestEvents.png(TestEvents.CLEAN))));

    assertThat(harness.only(TOPICS.clean()).key()).isEqualTo("id-1".getBytes(UTF_8));
  }

  @Test
  void marksARepetitionOfAnId() {
    harness.submit("a", TestEvents.inline("a", TestEvents.png(TestEvents.CLEAN)));
    harness.submit("b", TestEvents.inline("b", TestEvents.png(TestEvents.CLEAN)));
    harness.submit("a", TestEvents.inline("a", TestEvents.png(TestEvents.CLEAN)));

    List<TestRecord<byte[], byte[]>> clean = harness.read(TOPICS.clean());
    assertThat(texts(clean.get(0).headers())).doesNotContainKey(HeaderNames.DUPLICATE_OF);
    assertThat(texts(clean.get(1).headers())).doesNotContainKey(HeaderNames.DUPLICATE_OF);
    assertThat(texts(clean.get(2).headers())).containsEntry(HeaderNames.DUPLICATE_OF, "0");
  }

  @Test
  void turnsATombstoneIntoADeadLetter() {
    harness.submit("a".getBytes(UTF_8), (byte[]) null);

    TestRecord<byte[], byte[]> letter = harness.only(TOPICS.deadLetter());
    assertThat(code(letter)).isEqualTo("NULL_VALUE");
    assertThat(letter.key()).isEqualTo("a".getBytes(UTF_8));
    assertThat(letter.value()).isNull();
  }

  @Test
  void keepsKeyValueAndHeadersOfADeadLetterByteForByte() {
    byte[] key = {0, 1, (byte) 0xff};
    byte[] value = {1, 2, 3, 4, 5, 6, 7};
    Headers headers = new RecordHeaders();
    headers.add("ce_id", new byte[] {(byte) 0xc3, 0x28});
    headers.add(HeaderNames.ROUTE, "forged".getBytes(UTF_8));

    harness.submit(key, value, headers, Instant.EPOCH);

    TestRecord<byte[], byte[]> letter = harness.only(TOPICS.deadLetter());
    assertThat(letter.key()).isEqualTo(key);
    assertThat(letter.value()).isEqualTo(value);
    assertThat(letter.headers().toArray()).startsWith(headers.toArray());
    assertThat(texts(letter.headers()))
        .containsEntry(HeaderNames.ERROR_CODE, "UNDECODABLE_RECORD")
        .containsEntry(HeaderNames.ROUTE, "dead-letter")
        .containsEntry(HeaderNames.TOPIC, TOPICS.submitted())
        .containsEntry(HeaderNames.PARTITION, "0")
        .containsEntry(HeaderNames.OFFSET, "0")
        .containsKeys(HeaderNames.EXCEPTION, HeaderNames.MESSAGE, HeaderNames.STACKTRACE);
  }

  @Test
  void turnsAnUnknownSchemaIdIntoADeadLetter() {
    byte[] value = events.bytes(TestEvents.inline("a", TestEvents.png(TestEvents.CLEAN)));
    value[1] = 0x7f;

    harness.submit("a".getBytes(UTF_8), value);

    assertThat(harness.code()).isEqualTo("UNKNOWN_SCHEMA");
  }

  @Test
  void turnsATruncatedEventIntoADeadLetter() {
    byte[] value = events.bytes(TestEvents.inline("a", TestEvents.png(TestEvents.CLEAN)));

    harness.submit("a".getBytes(UTF_8), Arrays.copyOf(value, 40));

    assertThat(harness.code()).isEqualTo("CORRUPT_RECORD");
  }

  @Test
  void turnsAnImageThatCannotBeDecodedIntoADeadLetterAndGoesOn() {
    harness.submit("bad", TestEvents.inline("bad", "not an image".getBytes(UTF_8)));
    harness.submit("empty", TestEvents.inline("empty", new byte[0]));
    harness.submit("good", TestEvents.inline("good", TestEvents.png(TestEvents.CLEAN)));

    assertThat(harness.read(TOPICS.deadLetter()))
        .extracting(Harness::code)
        .containsExactly("IMAGE_NOT_AN_IMAGE", "IMAGE_EMPTY");
    assertThat(harness.only(TOPICS.clean()).key()).isEqualTo("good".getBytes(UTF_8));
  }

  @Test
  void refusesAReferenceThatNothingAllows() {
    harness.submit("a", TestEvents.reference("a", "https://example.org/a.png", new byte[32], 1));

    assertThat(harness.code()).isEqualTo("CLAIM_FORBIDDEN");
  }

  @Test
  void refusesAnEventWithAnEmptyId() {
    harness.submit("a", TestEvents.inline(" ", TestEvents.png(TestEvents.CLEAN)));

    assertThat(harness.code()).isEqualTo("INVALID_EVENT");
  }
}
