package io.headgate.stream;

import io.headgate.console.UserException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.streams.StreamsConfig;

/** The guard's configuration in Kafka's own terms. Pure. */
final class KafkaSettings {
  /** Settings that the guard's promises rest on. */
  private static final List<String> FIXED =
      List.of(StreamsConfig.PROCESSING_GUARANTEE_CONFIG, StreamsConfig.APPLICATION_ID_CONFIG);

  private static final String INTERCEPTORS =
      StreamsConfig.mainConsumerPrefix(ConsumerConfig.INTERCEPTOR_CLASSES_CONFIG);

  private KafkaSettings() {}

  /**
   * @throws UserException if {@code config.kafka()} touches what must not be changed
   */
  static Map<String, Object> of(GuardConfig config) {
    Timing timing = config.timing();
    Map<String, Object> all = new HashMap<>();
    all.put(StreamsConfig.APPLICATION_ID_CONFIG, config.applicationId());
    all.put(StreamsConfig.BOOTSTRAP_SERVERS_CONFIG, config.bootstrap());
    all.put(StreamsConfig.PROCESSING_GUARANTEE_CONFIG, StreamsConfig.EXACTLY_ONCE_V2);
    all.put(StreamsConfig.NUM_STREAM_THREADS_CONFIG, config.streamThreads());
    all.put(StreamsConfig.COMMIT_INTERVAL_MS_CONFIG, timing.commitInterval().toMillis());
    all.put(StreamsConfig.STATESTORE_CACHE_MAX_BYTES_CONFIG, 0L);
    all.put(
        StreamsConfig.mainConsumerPrefix(ConsumerConfig.MAX_POLL_RECORDS_CONFIG),
        config.maxPollRecords());
    all.put(
        StreamsConfig.consumerPrefix(ConsumerConfig.MAX_POLL_INTERVAL_MS_CONFIG),
        (int) timing.maxPollInterval().toMillis());
    // what the consumer holds ahead of the poll, on top of what was polled
    all.put(StreamsConfig.consumerPrefix(ConsumerConfig.FETCH_MAX_BYTES_CONFIG), 16 << 20);
    all.put(StreamsConfig.consumerPrefix(ConsumerConfig.MAX_PARTITION_FETCH_BYTES_CONFIG), 4 << 20);
    all.put(
        StreamsConfig.producerPrefix(ProducerConfig.TRANSACTION_TIMEOUT_CONFIG),
        (int) timing.transactionTimeout().toMillis());
    all.put(
        StreamsConfig.producerPrefix(ProducerConfig.MAX_REQUEST_SIZE_CONFIG),
        config.maxRecordBytes());
    all.put(StreamsConfig.producerPrefix(ProducerConfig.LINGER_MS_CONFIG), 5);
    // a transaction that begins while the last one's markers are written is told to come again:
    // with the default of 100 ms that alone would double the latency
    all.put(StreamsConfig.producerPrefix(ProducerConfig.RETRY_BACKOFF_MS_CONFIG), 10L);
    all.put(StreamsConfig.PROCESSING_EXCEPTION_HANDLER_GLOBAL_ENABLED_CONFIG, true);
    config
        .instanceId()
        .ifPresent(
            id ->
                all.put(StreamsConfig.consumerPrefix(ConsumerConfig.GROUP_INSTANCE_ID_CONFIG), id));
    for (String fixed : FIXED) {
      if (config.kafka().containsKey(fixed)) {
        throw new UserException(
            "Kafka setting %s: %s (expected: not set; the guard needs %s)"
                .formatted(fixed, config.kafka().get(fixed), all.get(fixed)));
      }
    }
    all.putAll(config.kafka());
    // last, so that it prefetches what the processor will get
    all.merge(
        INTERCEPTORS, PrefetchInterceptor.class.getName(), (theirs, ours) -> theirs + "," + ours);
    return all;
  }

  /** A duration setting in milliseconds, as the main consumer or the producer will see it. */
  static long millis(Map<String, Object> settings, String prefix, String name, long otherwise) {
    for (String key : List.of(prefix + name, name)) {
      Object value = settings.get(key);
      if (value != null) {
        try {
          return Long.parseLong(value.toString().trim());
        } catch (NumberFormatException e) {
          throw new UserException(
              "Kafka setting %s: %s (expected: milliseconds)".formatted(key, value), e);
        }
      }
    }
    return otherwise;
  }

  /** What an administration client of this guard needs. */
  static Map<String, Object> admin(GuardConfig config) {
    return ofClient(of(config), StreamsConfig.ADMIN_CLIENT_PREFIX, AdminClientConfig.configNames());
  }

  /** What a producer of this guard is given. */
  static Map<String, Object> producer(GuardConfig config) {
    return ofClient(of(config), StreamsConfig.PRODUCER_PREFIX, ProducerConfig.configNames());
  }

  private static Map<String, Object> ofClient(
      Map<String, Object> all, String prefix, Set<String> known) {
    Map<String, Object> settings = new HashMap<>();
    all.forEach(
        (key, value) -> {
          if (known.contains(key)) {
            settings.putIfAbsent(key, value);
          } else if (key.startsWith(prefix)) {
            settings.put(key.substring(prefix.length()), value);
          }
        });
    return settings;
  }

  /** As {@link #of}, with what the interceptor needs at run time. */
  static Map<String, Object> running(GuardConfig config, Prefetcher prefetcher) {
    Map<String, Object> all = of(config);
    all.put(StreamsConfig.mainConsumerPrefix(PrefetchInterceptor.PREFETCHER), prefetcher);
    return all;
  }
}
