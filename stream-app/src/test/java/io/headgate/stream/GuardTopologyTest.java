package io.headgate.stream;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.headgate.claimcheck.ClaimRules;
import io.headgate.claimcheck.Claims;
import io.headgate.client.FakeInspector;
import io.headgate.client.InspectorClient;
import io.headgate.v1.ImageSubmitted;
import io.headgate.v1.ModeratedImage;
import io.headgate.v1.Verdict;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.CountDownLatch;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.streams.TestInputTopic;
import org.apache.kafka.streams.TopologyTestDriver;
import org.apache.kafka.streams.test.TestRecord;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class GuardTopologyTest {
  private static final Instant ROUTED_AT = Instant.ofEpochMilli(1_800_000_000_000L);
  private static final Topics TOPICS = Topics.defaults();

  private final TestEvents events = new TestEvents("guard-topology-test");
  private final FakeInspector service = new FakeInspector();
  private final SimpleMeterRegistry meters = new SimpleMeterRegistry();
  private InspectorClient client;
  private Events serdes;
  private Wiring wiring;
  private TopologyTestDriver driver;
  private TestInputTopic<byte[], byte[]> submitted;

  @BeforeEach
  void start() {
    GuardConfig config =
        GuardConfig.builder("unused:9092", events.registry(), service.address()).build();
    client = new InspectorClient(config.client(), meters);
    client.describe();
    serdes = new Events(config.registry());
    wiring =
        Wiring.of(
            config,
            serdes,
            new Claims(ClaimRules.none()),
            client,
            new GuardMetrics(meters),
            RecordLimits.same(64 << 10),
            new CountDownLatch(1));
    Properties properties = new Properties();
    properties.putAll(KafkaSettings.running(config, wiring.prefetcher()));
    driver = new TopologyTestDriver(wiring.topology(), properties, ROUTED_AT);
    submitted =
        driver.createInputTopic(
            TOPICS.submitted(), new ByteArraySerializer(), new ByteArraySerializer());
  }

  @AfterEach
  void stop() {
    driver.close();
    wiring.judge().close();
    client.close();
    serdes.close();
    service.close();
    events.close();
  }

  @Test
  void routesWhatTheServiceCallsCleanToTheCleanTopic() {
    submit("a", TestEvents.inline("a", TestEvents.png(TestEvents.CLEAN)));

    TestRecord<byte[], byte[]> clean = only(TOPICS.clean());
    Verdict verdict = events.moderated(TOPICS.clean(), clean.value()).getVerdict();
    assertThat(verdict.getRoute()).isEqualTo(io.headgate.v1.Route.CLEAN);
    assertThat(verdict.getLabels().get(0).getName()).isEqualTo("red-" + TestEvents.CLEAN);
    assertThat(verdict.getUnverified()).isFalse();
  }

  @Test
  void routesWhatTheServiceRepairedToTheRepairedTopic() {
    submit("a", TestEvents.inline("a", TestEvents.png(TestEvents.REPAIRED)));

    Verdict verdict =
        events.moderated(TOPICS.repaired(), only(TOPICS.repaired()).value()).getVerdict();
    assertThat(verdict.getRoute()).isEqualTo(io.headgate.v1.Route.REPAIRED);
    assertThat(verdict.getEmbeddingRepaired()).isTrue();
    assertThat(verdict.getSuspectedLabel()).isEqualTo("banana");
  }

  @Test
  void routesWhatTheServiceQuarantinesToTheQuarantineWithEvidence() {
    submit("a", TestEvents.inline("a", TestEvents.png(TestEvents.QUARANTINED)));

    Verdict verdict =
        events.moderated(TOPICS.quarantined(), only(TOPICS.quarantined()).value()).getVerdict();
    assertThat(verdict.getRoute()).isEqualTo(io.headgate.v1.Route.QUARANTINED);
    assertThat(verdict.getEvidence()).isNotNull();
  }

  @Test
  void carriesTheSubmittedEventTheKeyAndTheJudgedHashUnchanged() throws Exception {
    ImageSubmitted event = TestEvents.inline("a", TestEvents.png(TestEvents.CLEAN));

    submit("some-key", event);

    TestRecord<byte[], byte[]> clean = only(TOPICS.clean());
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

    submit("a", TestEvents.inline("a", TestEvents.png(TestEvents.CLEAN)), headers);

    TestRecord<byte[], byte[]> clean = only(TOPICS.clean());
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

    submit("a", TestEvents.inline("a", TestEvents.png(TestEvents.QUARANTINED)), headers);

    Headers result = only(TOPICS.quarantined()).headers();
    assertThat(result.headers(HeaderNames.ROUTE)).hasSize(1);
    assertThat(texts(result))
        .containsEntry(HeaderNames.ROUTE, "quarantined")
        .containsEntry(HeaderNames.MODEL, FakeInspector.MODEL)
        .doesNotContainKeys(HeaderNames.UNVERIFIED, HeaderNames.DUPLICATE_OF);
  }

  @Test
  void stampsOutputsWithTheTimeOfRouting() {
    for (Instant timestamp :
        List.of(Instant.EPOCH, Instant.parse("2100-01-01T00:00:00Z"), ROUTED_AT)) {
      submitted.pipeInput(
          new TestRecord<>(
              null,
              events.bytes(TestEvents.inline("at-" + timestamp, TestEvents.png(TestEvents.CLEAN))),
              new RecordHeaders(),
              timestamp));
    }

    assertThat(read(TOPICS.clean())).hasSize(3).allMatch(r -> r.getRecordTime().equals(ROUTED_AT));
  }

  @Test
  void givesARecordWithoutKeyItsIdAsKey() {
    submitted.pipeInput(
        (byte[]) null, events.bytes(TestEvents.inline("id-1", TestEvents.png(TestEvents.CLEAN))));

    assertThat(only(TOPICS.clean()).key()).isEqualTo("id-1".getBytes(UTF_8));
  }

  @Test
  void marksARepetitionOfAnId() {
    submit("a", TestEvents.inline("a", TestEvents.png(TestEvents.CLEAN)));
    submit("b", TestEvents.inline("b", TestEvents.png(TestEvents.CLEAN)));
    submit("a", TestEvents.inline("a", TestEvents.png(TestEvents.CLEAN)));

    List<TestRecord<byte[], byte[]>> clean = read(TOPICS.clean());
    assertThat(texts(clean.get(0).headers())).doesNotContainKey(HeaderNames.DUPLICATE_OF);
    assertThat(texts(clean.get(1).headers())).doesNotContainKey(HeaderNames.DUPLICATE_OF);
    assertThat(texts(clean.get(2).headers())).containsEntry(HeaderNames.DUPLICATE_OF, "0");
  }

  @Test
  void turnsATombstoneIntoADeadLetter() {
    submitted.pipeInput("a".getBytes(UTF_8), (byte[]) null);

    TestRecord<byte[], byte[]> letter = only(TOPICS.deadLetter());
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

    submitted.pipeInput(new TestRecord<>(key, value, headers, Instant.EPOCH));

    TestRecord<byte[], byte[]> letter = only(TOPICS.deadLetter());
    assertThat(letter.key()).isEqualTo(key);
    assertThat(letter.value()).isEqualTo(value);
    assertThat(letter.headers().toArray()).startsWith(headers.toArray());
    assertThat(texts(letter.headers()))
        .containsEntry(HeaderNames.ERROR_CODE, "UNDECODABLE_RECORD")
        .containsEntry(HeaderNames.TOPIC, TOPICS.submitted())
        .containsEntry(HeaderNames.PARTITION, "0")
        .containsEntry(HeaderNames.OFFSET, "0")
        .containsKeys(HeaderNames.EXCEPTION, HeaderNames.MESSAGE, HeaderNames.STACKTRACE);
  }

  @Test
  void turnsAnUnknownSchemaIdIntoADeadLetter() {
    byte[] value = events.bytes(TestEvents.inline("a", TestEvents.png(TestEvents.CLEAN)));
    value[1] = 0x7f;

    submitted.pipeInput("a".getBytes(UTF_8), value);

    assertThat(code(only(TOPICS.deadLetter()))).isEqualTo("UNKNOWN_SCHEMA");
  }

  @Test
  void turnsATruncatedEventIntoADeadLetter() {
    byte[] value = events.bytes(TestEvents.inline("a", TestEvents.png(TestEvents.CLEAN)));

    submitted.pipeInput("a".getBytes(UTF_8), java.util.Arrays.copyOf(value, 40));

    assertThat(code(only(TOPICS.deadLetter()))).isEqualTo("CORRUPT_RECORD");
  }

  @Test
  void turnsAnImageThatCannotBeDecodedIntoADeadLetterAndGoesOn() {
    submit("bad", TestEvents.inline("bad", "not an image".getBytes(UTF_8)));
    submit("empty", TestEvents.inline("empty", new byte[0]));
    submit("good", TestEvents.inline("good", TestEvents.png(TestEvents.CLEAN)));

    assertThat(read(TOPICS.deadLetter()))
        .extracting(GuardTopologyTest::code)
        .containsExactly("IMAGE_NOT_AN_IMAGE", "IMAGE_EMPTY");
    assertThat(only(TOPICS.clean()).key()).isEqualTo("good".getBytes(UTF_8));
  }

  @Test
  void refusesAReferenceThatNothingAllows() {
    submit("a", TestEvents.reference("a", "https://example.org/a.png", new byte[32], 1));

    assertThat(code(only(TOPICS.deadLetter()))).isEqualTo("CLAIM_FORBIDDEN");
  }

  @Test
  void refusesAnEventWithAnEmptyId() {
    submit("a", TestEvents.inline(" ", TestEvents.png(TestEvents.CLEAN)));

    assertThat(code(only(TOPICS.deadLetter()))).isEqualTo("INVALID_EVENT");
  }

  private void submit(String key, ImageSubmitted event) {
    submit(key, event, new RecordHeaders());
  }

  private void submit(String key, ImageSubmitted event, Headers headers) {
    submitted.pipeInput(
        new TestRecord<>(key.getBytes(UTF_8), events.bytes(event), headers, Instant.EPOCH));
  }

  private List<TestRecord<byte[], byte[]>> read(String topic) {
    return driver
        .createOutputTopic(topic, new ByteArrayDeserializer(), new ByteArrayDeserializer())
        .readRecordsToList();
  }

  private TestRecord<byte[], byte[]> only(String topic) {
    List<TestRecord<byte[], byte[]>> records = read(topic);
    assertThat(records).hasSize(1);
    return records.get(0);
  }

  private static String code(TestRecord<byte[], byte[]> letter) {
    return texts(letter.headers()).get(HeaderNames.ERROR_CODE);
  }

  /** Last value of each header, as text. */
  private static Map<String, String> texts(Headers headers) {
    Map<String, String> texts = new HashMap<>();
    for (Header header : headers) {
      texts.put(header.key(), header.value() == null ? null : new String(header.value(), UTF_8));
    }
    return texts;
  }
}
