package io.headgate.demo;

import io.headgate.serde.HeadgateSerdes;
import io.headgate.topics.Tail;
import io.headgate.v1.ModeratedImage;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Map;
import java.util.function.LongConsumer;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.serialization.Serde;

/**
 * Reads the output topics with {@code read_committed}, as a downstream pipeline does, and enters
 * everything into the ledger.
 *
 * <p>Used by one thread.
 */
final class Collector implements AutoCloseable {
  private static final Duration POLL = Duration.ofMillis(100);

  private final Map<String, Destination> topics;
  private final String errorCodeHeader;
  private final Serde<ModeratedImage> serde;
  private final KafkaConsumer<String, byte[]> consumer;

  /**
   * @param topics the four output topics
   * @param errorCodeHeader header of a dead letter that names its code
   */
  Collector(
      String bootstrap,
      Map<String, Destination> topics,
      String errorCodeHeader,
      HeadgateSerdes serdes) {
    this.topics = Map.copyOf(topics);
    this.errorCodeHeader = errorCodeHeader;
    this.serde = serdes.moderatedImage();
    this.consumer = Tail.open(bootstrap, topics.keySet()); // an earlier round is settled already
  }

  /**
   * Reads until every event has an outcome, or nothing came for {@code patience}.
   *
   * @param settled told how many events each poll has settled
   */
  void collect(Ledger ledger, Duration patience, LongConsumer settled) {
    long quietSince = System.nanoTime();
    while (!ledger.complete() && System.nanoTime() - quietSince < patience.toNanos()) {
      if (poll(ledger, settled)) {
        quietSince = System.nanoTime();
      }
    }
  }

  /** Reads what else is there, so that duplicates are seen; for after the guard has stopped. */
  void drain(Ledger ledger) {
    Map<TopicPartition, Long> ends = consumer.endOffsets(consumer.assignment());
    while (ends.entrySet().stream().anyMatch(e -> consumer.position(e.getKey()) < e.getValue())) {
      poll(ledger, n -> {});
    }
  }

  private boolean poll(Ledger ledger, LongConsumer settled) {
    long count = 0;
    boolean any = false;
    for (ConsumerRecord<String, byte[]> record : consumer.poll(POLL)) {
      any = true;
      if (ledger.enter(String.valueOf(record.key()), outcome(record))) {
        count++;
      }
    }
    settled.accept(count);
    return any;
  }

  private Outcome outcome(ConsumerRecord<String, byte[]> record) {
    Destination destination = topics.get(record.topic());
    if (destination == Destination.DEAD_LETTER) {
      Header code = record.headers().lastHeader(errorCodeHeader);
      return Outcome.deadLetter(
          code == null ? "" : new String(code.value(), StandardCharsets.UTF_8));
    }
    return Outcome.of(
        destination, serde.deserializer().deserialize(record.topic(), record.value()));
  }

  @Override
  public void close() {
    consumer.close();
    serde.close();
  }
}
