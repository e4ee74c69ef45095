package io.headgate.stream;

import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerInterceptor;
import org.apache.kafka.clients.consumer.ConsumerRecords;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.common.TopicPartition;

/**
 * Begins work on records at the moment they are polled, so that a whole poll is judged in batches
 * while the stream thread takes one record after the other. Changes nothing about the records.
 *
 * <p>Kafka makes it by name, hence public; the prefetcher comes with the consumer's configuration.
 * Called by the stream thread that owns the consumer.
 */
public final class PrefetchInterceptor implements ConsumerInterceptor<byte[], byte[]> {
  static final String PREFETCHER = "headgate.prefetcher";

  private Prefetcher prefetcher;

  @Override
  public void configure(Map<String, ?> configs) {
    prefetcher = (Prefetcher) configs.get(PREFETCHER);
  }

  @Override
  public ConsumerRecords<byte[], byte[]> onConsume(ConsumerRecords<byte[], byte[]> records) {
    records.forEach(prefetcher::prefetch);
    return records;
  }

  @Override
  public void onCommit(Map<TopicPartition, OffsetAndMetadata> offsets) {}

  @Override
  public void close() {}
}
