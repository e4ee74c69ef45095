package io.headgate.deadletters;

import io.headgate.console.UserException;
import java.time.Duration;
import java.time.Instant;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.Predicate;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndTimestamp;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;

/**
 * Reads what the dead-letter topic holds at the time of the call. Joins no group, commits nothing.
 *
 * <p>Used by one thread.
 */
final class DeadLetterReader implements AutoCloseable {
  private static final Duration POLL = Duration.ofMillis(200);
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  private final KafkaConsumer<byte[], byte[]> consumer;
  private final String topic;

  /**
   * @param config of a Kafka client
   */
  DeadLetterReader(Map<String, Object> config, String topic) {
    Map<String, Object> complete = new HashMap<>(config);
    complete.put(ConsumerConfig.ISOLATION_LEVEL_CONFIG, "read_committed");
    complete.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, false);
    complete.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "earliest");
    complete.remove(ConsumerConfig.GROUP_ID_CONFIG);
    this.topic = topic;
    this.consumer =
        new KafkaConsumer<>(complete, new ByteArrayDeserializer(), new ByteArrayDeserializer());
  }

  /**
   * Hands every matching dead letter to {@code visitor}, partition by partition as they come, until
   * the present end or until the visitor has had enough.
   *
   * @param visitor answers whether it wants more
   * @throws UserException if the topic is missing or may not be read
   */
  void read(DeadLetterFilter filter, Predicate<DeadLetter> visitor) {
    try {
      List<TopicPartition> partitions =
          partitions().stream()
              .filter(p -> filter.partition().map(f -> f == p.partition()).orElse(true))
              .toList();
      if (partitions.isEmpty()) {
        throw new UserException(
            "partition %s of %s: none such (expected: 0 to %d)"
                .formatted(filter.partition().orElse(-1), topic, partitions().size() - 1));
      }
      consumer.assign(partitions);
      seek(partitions, filter.since());
      Map<TopicPartition, Long> ends = consumer.endOffsets(partitions);
      long quietSince = System.nanoTime();
      while (ends.entrySet().stream().anyMatch(e -> consumer.position(e.getKey()) < e.getValue())) {
        for (ConsumerRecord<byte[], byte[]> record : consumer.poll(POLL)) {
          quietSince = System.nanoTime();
          DeadLetter letter = new DeadLetter(record);
          boolean already =
              record.offset() < ends.get(new TopicPartition(topic, record.partition()));
          if (already && filter.test(letter) && !visitor.test(letter)) {
            return;
          }
        }
        if (System.nanoTime() - quietSince > PATIENCE.toNanos()) {
          throw new UserException(
              "topic %s: no answer within %d s; check the cluster"
                  .formatted(topic, PATIENCE.toSeconds()));
        }
      }
    } catch (KafkaException e) {
      throw new UserException(
          "topic %s: %s; check --topic, the cluster and this principal's permissions"
              .formatted(topic, e.getMessage()),
          e);
    }
  }

  /** The dead letter at a position, if it is still there. */
  Optional<DeadLetter> at(int partition, long offset) {
    TopicPartition place = new TopicPartition(topic, partition);
    if (!partitions().contains(place)) {
      return Optional.empty();
    }
    consumer.assign(List.of(place));
    consumer.seek(place, offset);
    long end = consumer.endOffsets(List.of(place)).get(place);
    long begin = consumer.beginningOffsets(List.of(place)).get(place);
    while (offset >= begin && consumer.position(place) < end && offset < end) {
      for (ConsumerRecord<byte[], byte[]> record : consumer.poll(POLL)) {
        return record.offset() == offset ? Optional.of(new DeadLetter(record)) : Optional.empty();
      }
    }
    return Optional.empty();
  }

  private List<TopicPartition> partitions() {
    List<PartitionInfo> infos = consumer.listTopics().get(topic);
    if (infos == null || infos.isEmpty()) {
      throw new UserException(
          "topic %s: not there (expected: the dead-letter topic); check --topic, or create it with 'headgate topics create'"
              .formatted(topic));
    }
    return infos.stream().map(i -> new TopicPartition(topic, i.partition())).toList();
  }

  private void seek(List<TopicPartition> partitions, Optional<Instant> since) {
    if (since.isEmpty()) {
      consumer.seekToBeginning(partitions);
      return;
    }
    Map<TopicPartition, Long> times = new HashMap<>();
    partitions.forEach(p -> times.put(p, since.get().toEpochMilli()));
    Map<TopicPartition, OffsetAndTimestamp> found = consumer.offsetsForTimes(times);
    for (TopicPartition partition : partitions) {
      OffsetAndTimestamp first = found.get(partition);
      if (first == null) {
        consumer.seekToEnd(List.of(partition));
      } else {
        consumer.seek(partition, first.offset());
      }
    }
  }

  @Override
  public void close() {
    consumer.close();
  }
}
