package io.headgate.serving;

import io.headgate.calibration.Calibration;
import io.headgate.calibration.CalibrationCodec;
import io.headgate.console.UserException;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.Config;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.config.ConfigResource;
import org.apache.kafka.common.config.TopicConfig;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * Writes calibrations to the compacted topic that services follow: the key is the model's
 * fingerprint, the value {@link CalibrationCodec#toBytes}, so the last one of every model stays.
 */
public final class CalibrationPublisher {
  /** Name of the topic unless told otherwise. */
  public static final String TOPIC = "headgate.calibrations.v1";

  private static final int PATIENCE_SECONDS = 30;
  private static final int ENVELOPE_BYTES = 1 << 16;

  private CalibrationPublisher() {}

  /**
   * Fails unless the topic is there and compacted.
   *
   * @param kafka settings of a client
   */
  public static void requireTopic(Map<String, Object> kafka, String topic) {
    ConfigResource resource = new ConfigResource(ConfigResource.Type.TOPIC, topic);
    try (Admin admin = Admin.create(kafka)) {
      Config config =
          admin
              .describeConfigs(List.of(resource))
              .values()
              .get(resource)
              .get(PATIENCE_SECONDS, TimeUnit.SECONDS);
      String policy = config.get(TopicConfig.CLEANUP_POLICY_CONFIG).value();
      if (!policy.contains(TopicConfig.CLEANUP_POLICY_COMPACT)) {
        throw new UserException(
            "topic %s: cleanup.policy %s (expected: compact, or calibrations would vanish) — see 'headgate topics check'"
                .formatted(topic, policy));
      }
    } catch (ExecutionException | TimeoutException | KafkaException e) {
      throw failed(topic, e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw failed(topic, e);
    }
  }

  /**
   * Publishes and waits until it is written.
   *
   * @param kafka settings of a client
   */
  public static void publish(Map<String, Object> kafka, String topic, Calibration calibration) {
    ProducerRecord<byte[], byte[]> message = record(topic, calibration);
    Map<String, Object> settings = new HashMap<>(kafka);
    settings.put(ProducerConfig.ACKS_CONFIG, "all");
    settings.put(ProducerConfig.ENABLE_IDEMPOTENCE_CONFIG, true);
    settings.putIfAbsent(ProducerConfig.COMPRESSION_TYPE_CONFIG, "gzip");
    settings.put(ProducerConfig.MAX_REQUEST_SIZE_CONFIG, message.value().length + ENVELOPE_BYTES);
    settings.put(
        ProducerConfig.BUFFER_MEMORY_CONFIG, Math.max(32L << 20, 2L * message.value().length));
    try (KafkaProducer<byte[], byte[]> producer =
        new KafkaProducer<>(settings, new ByteArraySerializer(), new ByteArraySerializer())) {
      producer.send(message).get(2L * PATIENCE_SECONDS, TimeUnit.SECONDS);
    } catch (ExecutionException e) {
      if (e.getCause() instanceof RecordTooLargeException) {
        throw new UserException(
            "topic %s: calibration %s of %,d bytes is larger than its max.message.bytes (expected: at least that) — raise it with 'headgate topics create --alter --max-message-bytes', or let services read the file"
                .formatted(topic, calibration.id(), message.value().length),
            e);
      }
      throw failed(topic, e);
    } catch (TimeoutException | KafkaException e) {
      throw failed(topic, e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw failed(topic, e);
    }
  }

  static ProducerRecord<byte[], byte[]> record(String topic, Calibration calibration) {
    return new ProducerRecord<>(
        topic,
        calibration.modelFingerprint().getBytes(StandardCharsets.UTF_8),
        CalibrationCodec.toBytes(calibration));
  }

  private static UserException failed(String topic, Exception e) {
    Throwable root = e;
    while (root.getCause() != null) {
      root = root.getCause();
    }
    if (root instanceof UnknownTopicOrPartitionException) {
      return new UserException(
          "topic %s: no such topic (expected: the compacted topic of calibrations) — create it with 'headgate topics create'"
              .formatted(topic),
          e);
    }
    return new UserException(
        "topic %s: %s; check --bootstrap, --kafka-config and that the cluster is up"
            .formatted(
                topic,
                root instanceof TimeoutException || root.getMessage() == null
                    ? "no answer"
                    : root.getMessage()),
        e);
  }
}
