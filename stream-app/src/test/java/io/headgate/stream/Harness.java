package io.headgate.stream;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.headgate.claimcheck.Claims;
import io.headgate.client.FakeInspector;
import io.headgate.client.InspectorClient;
import io.headgate.v1.ImageSubmitted;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.CountDownLatch;
import java.util.function.UnaryOperator;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.Headers;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.streams.TestInputTopic;
import org.apache.kafka.streams.TopologyTestDriver;
import org.apache.kafka.streams.test.TestRecord;

/** The topology without brokers, before a fake service. */
final class Harness implements AutoCloseable {
  static final Instant ROUTED_AT = Instant.ofEpochMilli(1_800_000_000_000L);
  static final Topics TOPICS = Topics.defaults();
  static final int LARGEST_RECORD = 64 << 10;

  final TestEvents events;
  final FakeInspector service = new FakeInspector();
  final SimpleMeterRegistry meters = new SimpleMeterRegistry();
  final GuardConfig config;
  private final CountDownLatch closing = new CountDownLatch(1);
  private final InspectorClient client;
  private final Events serdes;
  private final Claims claims;
  private final Wiring wiring;
  private final TopologyTestDriver driver;
  private final TestInputTopic<byte[], byte[]> submitted;

  Harness(String name) {
    this(name, UnaryOperator.identity());
  }

  Harness(String name, UnaryOperator<GuardConfig.Builder> settings) {
    this(name, settings, LARGEST_RECORD);
  }

  /**
   * @param largestRecord that any output topic takes, in bytes
   */
  Harness(String name, UnaryOperator<GuardConfig.Builder> settings, int largestRecord) {
    events = new TestEvents(name);
    config =
        settings
            .apply(GuardConfig.builder("unused:9092", events.registry(), service.address()))
            .build();
    client = new InspectorClient(config.client(), meters);
    client.describe();
    serdes = new Events(config.registry());
    claims = new Claims(config.claims());
    wiring =
        Wiring.of(
            config,
            serdes,
            claims,
            client,
            new GuardMetrics(meters),
            RecordLimits.same(largestRecord),
            closing);
    Properties properties = new Properties();
    properties.putAll(KafkaSettings.running(config, wiring.prefetcher()));
    driver = new TopologyTestDriver(wiring.topology(), properties, ROUTED_AT);
    submitted =
        driver.createInputTopic(
            TOPICS.submitted(), new ByteArraySerializer(), new ByteArraySerializer());
  }

  void submit(String key, ImageSubmitted event) {
    submit(key, event, new RecordHeaders());
  }

  void submit(String key, ImageSubmitted event, Headers headers) {
    submit(key.getBytes(UTF_8), events.bytes(event), headers, Instant.EPOCH);
  }

  void submit(byte[] key, byte[] value) {
    submit(key, value, new RecordHeaders(), Instant.EPOCH);
  }

  void submit(byte[] key, byte[] value, Headers headers, Instant timestamp) {
    submitted.pipeInput(new TestRecord<>(key, value, headers, timestamp));
  }

  List<TestRecord<byte[], byte[]>> read(String topic) {
    return driver
        .createOutputTopic(topic, new ByteArrayDeserializer(), new ByteArrayDeserializer())
        .readRecordsToList();
  }

  TestRecord<byte[], byte[]> only(String topic) {
    List<TestRecord<byte[], byte[]>> records = read(topic);
    assertThat(records).hasSize(1);
    return records.get(0);
  }

  /** The code of the only dead letter. */
  String code() {
    return code(only(TOPICS.deadLetter()));
  }

  static String code(TestRecord<byte[], byte[]> letter) {
    return texts(letter.headers()).get(HeaderNames.ERROR_CODE);
  }

  /** Last value of each header, as text. */
  static Map<String, String> texts(Headers headers) {
    Map<String, String> texts = new HashMap<>();
    for (Header header : headers) {
      texts.put(header.key(), header.value() == null ? null : new String(header.value(), UTF_8));
    }
    return texts;
  }

  @Override
  public void close() {
    closing.countDown();
    driver.close();
    wiring.judge().close();
    client.close();
    claims.close();
    serdes.close();
    service.close();
    events.close();
  }
}
