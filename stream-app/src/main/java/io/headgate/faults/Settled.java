package io.headgate.faults;

import java.time.Duration;
import java.util.HashSet;
import java.util.Set;
import java.util.function.IntConsumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.KafkaException;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Follows the outputs to know how far the pipeline has come; the audit does not rest on it. Owns
 * its thread.
 */
final class Settled implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(Settled.class);
  private static final Duration POLL = Duration.ofMillis(200);

  private final Outputs outputs;
  private final IntConsumer progress;
  private final Thread thread;
  private volatile int count;
  private volatile long changedNanos = System.nanoTime();
  private volatile boolean closed;

  /**
   * @param progress told how many more ids each poll has brought
   */
  Settled(Outputs outputs, IntConsumer progress) {
    this.outputs = outputs;
    this.progress = progress;
    this.thread = new Thread(this::follow, "faults-settled");
    thread.setDaemon(true);
    thread.start();
  }

  private void follow() {
    Set<String> ids = new HashSet<>();
    while (!closed) {
      try (KafkaConsumer<String, byte[]> consumer = outputs.open()) {
        while (!closed) {
          for (ConsumerRecord<String, byte[]> record : consumer.poll(POLL)) {
            ids.add(record.key());
          }
          if (ids.size() > count) {
            progress.accept(ids.size() - count);
            count = ids.size();
            changedNanos = System.nanoTime();
          }
        }
      } catch (KafkaException e) {
        log.debug("reading the outputs again from their beginning", e);
      }
    }
  }

  /** Different ids seen in the outputs. */
  int count() {
    return count;
  }

  /** How long no new one has come. */
  Duration quiet() {
    return Duration.ofNanos(System.nanoTime() - changedNanos);
  }

  @Override
  public void close() {
    closed = true;
    try {
      thread.join();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
