package io.headgate.serving;

import static org.assertj.core.api.Assertions.assertThat;

import io.headgate.calibration.Calibration;
import io.headgate.detection.FakeModel;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.MockConsumer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.Node;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

class CalibrationsTopicTest {
  private static final String TOPIC = "headgate.calibrations.v1";
  private static final TopicPartition PARTITION = new TopicPartition(TOPIC, 0);
  private static final FakeModel A = new FakeModel("a".repeat(64), FakeModel.TRIGGER);
  private static final FakeModel B = new FakeModel("b".repeat(64), FakeModel.TRIGGER);
  private static Calibration first;
  private static Calibration second;
  private static Calibration ofB;

  private final MockConsumer<byte[], byte[]> consumer = new MockConsumer<>("earliest");
  private CalibrationsTopic topic;
  private long offset;

  @BeforeAll
  static void calibrate() {
    first = TestCalibrations.of(A, 1, Instant.EPOCH);
    second = TestCalibrations.of(A, 2, Instant.EPOCH.plusSeconds(1));
    ofB = TestCalibrations.of(B, 1, Instant.EPOCH);
  }

  @BeforeEach
  void start() throws InterruptedException {
    Node node = new Node(0, "localhost", 1);
    consumer.updatePartitions(
        TOPIC, List.of(new PartitionInfo(TOPIC, 0, node, new Node[] {node}, new Node[] {node})));
    consumer.updateBeginningOffsets(Map.of(PARTITION, 0L));
    consumer.updateEndOffsets(Map.of(PARTITION, 0L));
    topic = new CalibrationsTopic(TOPIC, consumer);
    assertThat(topic.awaitCaughtUp(Duration.ofSeconds(20))).isTrue();
  }

  @AfterEach
  void close() {
    topic.close();
    assertThat(consumer.closed()).isTrue();
  }

  @Test
  void keepsTheLastCalibrationOfEveryModel() {
    publish(CalibrationPublisher.record(TOPIC, first));
    publish(CalibrationPublisher.record(TOPIC, ofB));
    publish(CalibrationPublisher.record(TOPIC, second));

    await(() -> topic.signature().equals(TOPIC + "@3"));
    assertThat(topic.load().calibrations()).containsExactly(second, ofB);
    assertThat(topic.load().problems()).isEmpty();
  }

  @Test
  void aDamagedRecordIsAProblemAndLeavesTheLastGoodOne() {
    publish(CalibrationPublisher.record(TOPIC, first));
    ProducerRecord<byte[], byte[]> good = CalibrationPublisher.record(TOPIC, second);
    byte[] damaged = good.value().clone();
    damaged[damaged.length / 2] ^= 1;
    publish(new ProducerRecord<>(TOPIC, good.key(), damaged));
    publish(new ProducerRecord<>(TOPIC, "x".getBytes(StandardCharsets.UTF_8), new byte[] {1, 2}));

    await(() -> topic.signature().equals(TOPIC + "@3"));
    assertThat(topic.load().calibrations()).containsExactly(first);
    assertThat(topic.load().problems())
        .hasSize(2)
        .allSatisfy(problem -> assertThat(problem).startsWith(TOPIC + " partition 0 offset "));
  }

  @Test
  void refusesACalibrationUnderAnotherModelsKey() {
    publish(
        new ProducerRecord<>(
            TOPIC,
            B.fingerprint().getBytes(StandardCharsets.UTF_8),
            CalibrationPublisher.record(TOPIC, first).value()));

    await(() -> topic.signature().equals(TOPIC + "@1"));
    assertThat(topic.load().calibrations()).isEmpty();
    assertThat(topic.load().problems())
        .singleElement()
        .asString()
        .contains(A.fingerprint(), B.fingerprint());
  }

  @Test
  void aTombstoneTakesACalibrationBack() {
    publish(CalibrationPublisher.record(TOPIC, first));
    publish(new ProducerRecord<>(TOPIC, A.fingerprint().getBytes(StandardCharsets.UTF_8), null));

    await(() -> topic.signature().equals(TOPIC + "@2"));
    assertThat(topic.load().calibrations()).isEmpty();
  }

  @Test
  void outlivesAnOutageOfKafka() {
    publish(CalibrationPublisher.record(TOPIC, first));
    await(() -> topic.signature().equals(TOPIC + "@1"));

    consumer.setPollException(new KafkaException("broker away"));
    publish(CalibrationPublisher.record(TOPIC, second));

    await(() -> topic.signature().equals(TOPIC + "@2"));
    assertThat(topic.load().calibrations()).containsExactly(second);
  }

  private void publish(ProducerRecord<byte[], byte[]> message) {
    long at = offset++;
    consumer.schedulePollTask(
        () ->
            consumer.addRecord(new ConsumerRecord<>(TOPIC, 0, at, message.key(), message.value())));
  }

  private static void await(java.util.function.BooleanSupplier state) {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(20);
    while (!state.getAsBoolean()) {
      if (System.nanoTime() > end) {
        throw new AssertionError("the expected state did not come about");
      }
      LockSupport.parkNanos(2_000_000);
    }
  }
}
