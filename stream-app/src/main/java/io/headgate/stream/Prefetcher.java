package io.headgate.stream;

import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentNavigableMap;
import java.util.concurrent.ConcurrentSkipListMap;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.TopicPartition;

/**
 * Cases opened when records were polled, waiting for their stream thread. Nothing here is state: a
 * lost case costs a second call, and a record that was polled twice finds its first case again.
 *
 * <p>Shared by the stream threads; each touches the partitions it owns.
 */
final class Prefetcher {
  private final String topic;
  private final Judge judge;
  private final Map<TopicPartition, ConcurrentSkipListMap<Long, Case>> cases =
      new ConcurrentHashMap<>();

  /**
   * @param topic the source; records of other topics are left alone
   */
  Prefetcher(String topic, Judge judge) {
    this.topic = topic;
    this.judge = judge;
  }

  /** Begins work on a polled record. */
  void prefetch(ConsumerRecord<byte[], byte[]> record) {
    if (record.topic().equals(topic)) {
      of(record.topic(), record.partition())
          .computeIfAbsent(record.offset(), offset -> judge.open(record.topic(), record.value()));
    }
  }

  /** The case of the record that is processed now; opened here if it was not at poll. */
  Case take(String recordTopic, int partition, long offset, byte[] value) {
    ConcurrentSkipListMap<Long, Case> open = of(recordTopic, partition);
    // records of a partition are processed in order: earlier ones are leftovers of an abort
    abandon(open.headMap(offset));
    Case found = open.remove(offset);
    return found != null ? found : judge.open(recordTopic, value);
  }

  /** Drops what a partition that is given away had open. */
  void drop(int partition) {
    ConcurrentSkipListMap<Long, Case> open = cases.remove(new TopicPartition(topic, partition));
    if (open != null) {
      abandon(open);
    }
  }

  /**
   * One by one: a thread that lost its partition unnoticed must not abandon a case that the new
   * owner takes at the same moment.
   */
  private static void abandon(ConcurrentNavigableMap<Long, Case> open) {
    for (var next = open.pollFirstEntry(); next != null; next = open.pollFirstEntry()) {
      next.getValue().abandon();
    }
  }

  private ConcurrentSkipListMap<Long, Case> of(String recordTopic, int partition) {
    return cases.computeIfAbsent(
        new TopicPartition(recordTopic, partition), key -> new ConcurrentSkipListMap<>());
  }
}
