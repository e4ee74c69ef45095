package io.headgate.submit;

import io.headgate.console.UserException;
import io.headgate.serde.HeadgateSerdes;
import io.headgate.v1.ImageSubmitted;
import java.io.IOException;
import java.nio.file.AccessDeniedException;
import java.nio.file.NoSuchFileException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.errors.RecordTooLargeException;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.StringSerializer;

/**
 * Sends files as events and counts what the brokers have acknowledged. A file that cannot be read
 * or is too large is left out and reported; anything else that fails ends the submission.
 *
 * <p>Used by one thread; the producer's own thread reports acknowledgements.
 */
final class Publisher implements AutoCloseable {
  /** Longest file sent inline: the producer's buffer holds two of them. */
  static final int MAX_INLINE_BYTES = 32 << 20;

  private static final int ENVELOPE_BYTES = 1 << 20;

  private final String topic;
  private final Serde<ImageSubmitted> serde;
  private final KafkaProducer<String, byte[]> producer;
  private final Duration interval;

  private final Object lock = new Object();
  private final List<Failure> failures = new ArrayList<>();
  private long submitted;
  private long bytes;
  private Exception fatal;

  /** A file that was left out. */
  record Failure(String file, String error) {}

  /**
   * @param submitted events acknowledged
   * @param bytes of their files
   * @param failures files left out
   */
  record Result(long submitted, long bytes, List<Failure> failures) {}

  /**
   * @param client settings of a Kafka client
   * @param perSecond most events sent per second; 0 for as many as possible
   */
  Publisher(Map<String, Object> client, HeadgateSerdes serdes, String topic, double perSecond) {
    Map<String, Object> config = new HashMap<>(client);
    config.putIfAbsent(ProducerConfig.CLIENT_ID_CONFIG, "headgate-submit");
    config.putIfAbsent(ProducerConfig.LINGER_MS_CONFIG, 5);
    config.putIfAbsent(ProducerConfig.MAX_REQUEST_SIZE_CONFIG, MAX_INLINE_BYTES + ENVELOPE_BYTES);
    config.putIfAbsent(
        ProducerConfig.BUFFER_MEMORY_CONFIG, 2L * (MAX_INLINE_BYTES + ENVELOPE_BYTES));
    this.topic = topic;
    this.serde = serdes.imageSubmitted();
    this.producer = new KafkaProducer<>(config, new StringSerializer(), new ByteArraySerializer());
    this.interval = perSecond == 0 ? Duration.ZERO : Duration.ofNanos(Math.round(1e9 / perSecond));
  }

  /**
   * Sends all files and returns when each is acknowledged or left out.
   *
   * @param settled told when one is
   * @throws UserException if brokers or registry refuse or do not answer
   */
  Result publish(List<ImageFile> files, EventMaker events, Runnable settled)
      throws InterruptedException {
    long start = System.nanoTime();
    for (int i = 0; i < files.size() && !failed(); i++) {
      TimeUnit.NANOSECONDS.sleep(start + i * interval.toNanos() - System.nanoTime());
      send(files.get(i), events, settled);
    }
    producer.flush();
    synchronized (lock) {
      if (fatal != null) {
        throw new UserException(
            "submit to %s: %s; %,d of %,d images were submitted"
                .formatted(topic, fatal.getMessage(), submitted, files.size()),
            fatal);
      }
      return new Result(submitted, bytes, List.copyOf(failures));
    }
  }

  private void send(ImageFile file, EventMaker events, Runnable settled) {
    ImageSubmitted event;
    try {
      event = events.event(file);
    } catch (IOException | RecordTooLargeException e) {
      leaveOut(file, e, settled);
      return;
    }
    producer.send(
        new ProducerRecord<>(topic, event.getId(), serialized(event)),
        (metadata, error) -> {
          if (error == null) {
            acknowledge(file, settled);
          } else if (error instanceof RecordTooLargeException) {
            leaveOut(file, error, settled);
          } else {
            fail(error);
          }
        });
  }

  private byte[] serialized(ImageSubmitted event) {
    try {
      return serde.serializer().serialize(topic, event);
    } catch (KafkaException e) {
      Throwable root = e;
      while (root.getCause() != null) {
        root = root.getCause();
      }
      throw new UserException(
          "schema registry: %s (expected: a registry that knows the schema of %s-value); check --registry, or run 'headgate schemas register'"
              .formatted(root.getMessage() == null ? root : root.getMessage(), topic),
          e);
    }
  }

  private boolean failed() {
    synchronized (lock) {
      return fatal != null;
    }
  }

  private void acknowledge(ImageFile file, Runnable settled) {
    synchronized (lock) {
      submitted++;
      bytes += file.bytes();
    }
    settled.run();
  }

  private void leaveOut(ImageFile file, Exception reason, Runnable settled) {
    String error;
    if (reason instanceof RecordTooLargeException) {
      error =
          "%,d bytes, more than the topic takes (its max.message.bytes); submit it with --reference"
              .formatted(file.bytes());
    } else if (reason instanceof AccessDeniedException) {
      error = "permission denied";
    } else if (reason instanceof NoSuchFileException) {
      error = "gone since it was listed";
    } else {
      error = reason.toString();
    }
    synchronized (lock) {
      failures.add(new Failure(file.path().toString(), error));
    }
    settled.run();
  }

  private void fail(Exception error) {
    synchronized (lock) {
      if (fatal == null) {
        fatal = error;
      }
    }
  }

  @Override
  public void close() {
    producer.close(Duration.ofSeconds(5));
    serde.close();
  }
}
