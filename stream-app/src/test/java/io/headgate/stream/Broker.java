package io.headgate.stream;

import static java.nio.charset.StandardCharsets.UTF_8;

import io.headgate.broker.EmbeddedBroker;
import io.headgate.broker.TopicSetup;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * A real broker for the guard's tests: topics under a prefix, producing, counting what came out.
 */
public final class Broker implements AutoCloseable {
  private final EmbeddedBroker broker;
  private final KafkaProducer<byte[], byte[]> producer;

  /** Plaintext, without authentication. */
  public Broker(Path folder) throws IOException {
    broker = EmbeddedBroker.start(folder);
    producer =
        new KafkaProducer<>(
            Map.of(
                ProducerConfig.BOOTSTRAP_SERVERS_CONFIG,
                broker.bootstrap(),
                ProducerConfig.MAX_REQUEST_SIZE_CONFIG,
                8 << 20),
            new ByteArraySerializer(),
            new ByteArraySerializer());
  }

  public String bootstrap() {
    return broker.bootstrap();
  }

  public Topics topics(String prefix, int partitions) throws InterruptedException {
    Topics topics =
        new Topics(
            prefix + ".submitted",
            prefix + ".clean",
            prefix + ".repaired",
            prefix + ".quarantined",
            prefix + ".dead");
    List<NewTopic> all = new ArrayList<>();
    all.add(new NewTopic(topics.submitted(), partitions, (short) 1));
    topics.outputs().forEach(name -> all.add(new NewTopic(name, partitions, (short) 1)));
    try (Admin admin = admin()) {
      TopicSetup.createAndAwait(admin, all, Duration.ofSeconds(30));
    }
    return topics;
  }

  public Admin admin() {
    return Admin.create(Map.of("bootstrap.servers", bootstrap()));
  }

  public Future<RecordMetadata> send(ProducerRecord<byte[], byte[]> record) {
    return producer.send(record);
  }

  public void sendAll(List<ProducerRecord<byte[], byte[]>> records)
      throws ExecutionException, InterruptedException {
    List<Future<RecordMetadata>> sent = new ArrayList<>();
    records.forEach(record -> sent.add(send(record)));
    for (Future<RecordMetadata> future : sent) {
      future.get();
    }
  }

  /** Reads the outputs under read_committed until {@code count} records came or time is up. */
  public Outputs read(Topics topics, int count, Duration patience) {
    Outputs outputs = new Outputs(topics);
    try (KafkaConsumer<byte[], byte[]> consumer =
        new KafkaConsumer<>(
            Map.of(
                ConsumerConfig.BOOTSTRAP_SERVERS_CONFIG,
                bootstrap(),
                ConsumerConfig.ISOLATION_LEVEL_CONFIG,
                "read_committed"),
            new ByteArrayDeserializer(),
            new ByteArrayDeserializer())) {
      List<TopicPartition> partitions =
          topics.outputs().stream()
              .flatMap(topic -> consumer.partitionsFor(topic).stream())
              .map(info -> new TopicPartition(info.topic(), info.partition()))
              .toList();
      consumer.assign(partitions);
      consumer.seekToBeginning(partitions);
      long end = System.nanoTime() + patience.toNanos();
      Map<TopicPartition, Long> there = consumer.endOffsets(partitions);
      long quietSince = System.nanoTime();
      while (System.nanoTime() < end) {
        var polled = consumer.poll(Duration.ofMillis(100));
        polled.forEach(outputs::add);
        boolean behind =
            there.entrySet().stream().anyMatch(e -> consumer.position(e.getKey()) < e.getValue());
        if (behind || outputs.size() < count || !polled.isEmpty()) {
          quietSince = System.nanoTime();
        } else if (System.nanoTime() - quietSince > 500_000_000L) {
          break; // complete, and a duplicate would have shown
        }
      }
    }
    return outputs;
  }

  @Override
  public void close() {
    producer.close(Duration.ofSeconds(5));
    broker.close();
  }

  /** What came out, by key. */
  public static final class Outputs {
    private final Topics topics;
    private final Map<String, List<ConsumerRecord<byte[], byte[]>>> byKey = new LinkedHashMap<>();
    private int size;

    Outputs(Topics topics) {
      this.topics = topics;
    }

    private void add(ConsumerRecord<byte[], byte[]> record) {
      String key = record.key() == null ? "null" : new String(record.key(), UTF_8);
      byKey.computeIfAbsent(key, k -> new ArrayList<>()).add(record);
      size++;
    }

    public int size() {
      return size;
    }

    public Map<String, Integer> countsByKey() {
      Map<String, Integer> counts = new HashMap<>();
      byKey.forEach((key, records) -> counts.put(key, records.size()));
      return counts;
    }

    public Map<String, String> topicByKey() {
      Map<String, String> topicOf = new HashMap<>();
      byKey.forEach((key, records) -> topicOf.put(key, records.get(0).topic()));
      return topicOf;
    }

    public List<ConsumerRecord<byte[], byte[]>> of(String key) {
      return byKey.getOrDefault(key, List.of());
    }

    public Topics topics() {
      return topics;
    }
  }
}
