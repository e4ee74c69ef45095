package io.headgate.serving;

import io.headgate.calibration.Calibration;
import io.headgate.calibration.CalibrationCodec;
import io.headgate.calibration.CalibrationException;
import io.headgate.console.UserException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.consumer.Consumer;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.WakeupException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The compacted topic of calibrations: the key is the model's fingerprint, the value the
 * calibration's bytes ({@link CalibrationCodec}), so the last one of every model stays. Owns a
 * thread that reads it from the beginning and then follows it; while Kafka is away, what was read
 * last stays.
 */
final class CalibrationsTopic implements CalibrationSource {
  private static final Logger log = LoggerFactory.getLogger(CalibrationsTopic.class);
  private static final Duration POLL = Duration.ofMillis(500);
  private static final Duration PATIENCE = Duration.ofSeconds(5);

  private final String topic;
  private final Consumer<byte[], byte[]> consumer;
  private final Thread thread;
  private final CountDownLatch caughtUp = new CountDownLatch(1);
  private final CountDownLatch closed = new CountDownLatch(1);

  // Guarded by this.
  private final Map<String, Calibration> calibrations = new TreeMap<>();
  private final Map<String, String> problems = new TreeMap<>();
  private long version;

  /**
   * @param consumer owned by this from now on
   */
  CalibrationsTopic(String topic, Consumer<byte[], byte[]> consumer) {
    this.topic = topic;
    this.consumer = consumer;
    this.thread = new Thread(this::follow, "headgate-calibrations");
    thread.setDaemon(true);
    thread.start();
  }

  /**
   * @param kafka settings of the consumer, at least {@code bootstrap.servers}
   * @throws UserException if the settings are not accepted
   */
  static CalibrationsTopic open(String topic, Map<String, Object> kafka) {
    Map<String, Object> settings = new HashMap<>(kafka);
    settings.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, false);
    settings.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest");
    settings.put(ConsumerConfig.ISOLATION_LEVEL_CONFIG, "read_committed");
    settings.remove(ConsumerConfig.GROUP_ID_CONFIG);
    try {
      return new CalibrationsTopic(
          topic,
          new KafkaConsumer<>(settings, new ByteArrayDeserializer(), new ByteArrayDeserializer()));
    } catch (KafkaException e) {
      Throwable root = e.getCause() == null ? e : e.getCause();
      throw new UserException(
          "calibrations topic %s: %s (expected: --bootstrap-servers HOST:PORT and valid Kafka settings)"
              .formatted(topic, root.getMessage()),
          e);
    }
  }

  private void follow() {
    try (consumer) {
      List<TopicPartition> partitions = assign();
      Map<TopicPartition, Long> end = partitions.isEmpty() ? Map.of() : end(partitions);
      while (!isClosed()) {
        try {
          for (ConsumerRecord<byte[], byte[]> message : consumer.poll(POLL)) {
            take(message);
          }
          if (caughtUp.getCount() > 0
              && partitions.stream().allMatch(p -> consumer.position(p) >= end.get(p))) {
            caughtUp.countDown();
          }
        } catch (WakeupException e) {
          return;
        } catch (KafkaException e) {
          log.warn("calibrations topic {}: {}; what was read last stays", topic, e.toString());
          pause();
        }
      }
    } catch (WakeupException e) {
      log.debug("calibrations topic {}: closed while connecting", topic);
    }
  }

  private List<TopicPartition> assign() {
    while (!isClosed()) {
      try {
        List<TopicPartition> partitions =
            consumer.partitionsFor(topic, PATIENCE).stream()
                .map(p -> new TopicPartition(topic, p.partition()))
                .toList();
        if (!partitions.isEmpty()) {
          consumer.assign(partitions);
          consumer.seekToBeginning(partitions);
          return partitions;
        }
      } catch (WakeupException e) {
        throw e;
      } catch (KafkaException e) {
        log.warn("calibrations topic {}: {}; trying again", topic, e.toString());
      }
      pause();
    }
    return List.of();
  }

  private Map<TopicPartition, Long> end(List<TopicPartition> partitions) {
    while (!isClosed()) {
      try {
        return consumer.endOffsets(partitions, PATIENCE);
      } catch (WakeupException e) {
        throw e;
      } catch (KafkaException e) {
        log.warn("calibrations topic {}: {}; trying again", topic, e.toString());
        pause();
      }
    }
    return Map.of();
  }

  private boolean isClosed() {
    return closed.getCount() == 0;
  }

  private void pause() {
    try {
      closed.await(1, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private synchronized void take(ConsumerRecord<byte[], byte[]> message) {
    String key = message.key() == null ? "" : new String(message.key(), StandardCharsets.UTF_8);
    String where =
        "%s partition %d offset %d".formatted(topic, message.partition(), message.offset());
    version++;
    problems.remove(key);
    if (message.value() == null) {
      calibrations.remove(key);
      return;
    }
    try {
      Calibration calibration = CalibrationCodec.fromBytes(message.value());
      if (!calibration.modelFingerprint().equals(key)) {
        problems.put(
            key,
            "%s: key %s, but the calibration is of model %s (expected: the same)"
                .formatted(where, key, calibration.modelFingerprint()));
        return;
      }
      calibrations.put(key, calibration);
    } catch (CalibrationException e) {
      problems.put(key, "%s: %s".formatted(where, e.getMessage()));
    }
  }

  /** Waits until everything that was in the topic at the start has been read. */
  boolean awaitCaughtUp(Duration atMost) throws InterruptedException {
    return caughtUp.await(atMost.toMillis(), TimeUnit.MILLISECONDS);
  }

  @Override
  public boolean isFed() {
    return true;
  }

  @Override
  public synchronized String signature() {
    return topic + "@" + version;
  }

  @Override
  public synchronized Loaded load() {
    return new Loaded(List.copyOf(calibrations.values()), List.copyOf(problems.values()));
  }

  @Override
  public void close() {
    closed.countDown();
    consumer.wakeup(); // An interrupt would reach the consumer while it closes, which it logs.
    try {
      thread.join(TimeUnit.SECONDS.toMillis(5));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
