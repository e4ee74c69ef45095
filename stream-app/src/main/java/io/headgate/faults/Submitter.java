package io.headgate.faults;

import java.util.List;
import java.util.Map;
import java.util.concurrent.Semaphore;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.StringSerializer;

/**
 * Submits records as they are released, and goes on submitting whatever happens to the broker: an
 * idempotent producer that never gives up. Owns its thread.
 */
final class Submitter implements AutoCloseable {
  private static final int PATIENCE_MILLIS = 3_600_000;

  private final List<Submission> submissions;
  private final String topic;
  private final Semaphore released = new Semaphore(0);
  private final AtomicReference<Throwable> failure = new AtomicReference<>();
  private final KafkaProducer<String, byte[]> producer;
  private final Thread thread;

  Submitter(String bootstrap, String topic, List<Submission> submissions) {
    this.submissions = submissions;
    this.topic = topic;
    this.producer =
        new KafkaProducer<>(
            Map.of(
                ProducerConfig.BOOTSTRAP_SERVERS_CONFIG,
                bootstrap,
                ProducerConfig.ENABLE_IDEMPOTENCE_CONFIG,
                true,
                ProducerConfig.LINGER_MS_CONFIG,
                5,
                ProducerConfig.MAX_BLOCK_MS_CONFIG,
                PATIENCE_MILLIS,
                ProducerConfig.REQUEST_TIMEOUT_MS_CONFIG,
                10_000,
                ProducerConfig.DELIVERY_TIMEOUT_MS_CONFIG,
                PATIENCE_MILLIS),
            new StringSerializer(),
            new ByteArraySerializer());
    this.thread = new Thread(this::submit, "faults-submitter");
    thread.setDaemon(true);
    thread.start();
  }

  /** Lets this many more go. */
  void release(int count) {
    released.release(count);
  }

  private void submit() {
    try {
      for (Submission submission : submissions) {
        released.acquire();
        producer.send(
            submission.record(topic),
            (metadata, error) -> {
              if (error != null) {
                failure.compareAndSet(null, error);
              }
            });
      }
      producer.flush();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    } catch (RuntimeException e) {
      failure.compareAndSet(null, e);
    }
  }

  /**
   * Waits until the broker has acknowledged every record.
   *
   * @throws IllegalStateException if it refused one: then the input itself is in doubt
   */
  void awaitAll() throws InterruptedException {
    thread.join();
    if (failure.get() != null) {
      throw new IllegalStateException(
          "submit to %s: %s".formatted(topic, failure.get()), failure.get());
    }
  }

  @Override
  public void close() {
    thread.interrupt();
    producer.close(java.time.Duration.ZERO);
  }
}
