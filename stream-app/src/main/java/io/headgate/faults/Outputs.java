package io.headgate.faults;

import io.headgate.serde.HeadgateSerdes;
import io.headgate.stream.HeaderNames;
import io.headgate.stream.Topics;
import io.headgate.v1.ImageSubmitted;
import io.headgate.v1.ModeratedImage;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.BiConsumer;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.StringDeserializer;

/** The four topics as a downstream pipeline sees them: committed records only. */
final class Outputs {
  /** These differ between two runs of the same events. */
  private static final Set<String> CIRCUMSTANCES =
      Set.of(HeaderNames.TOPIC, HeaderNames.OFFSET, HeaderNames.STACKTRACE);

  private static final Duration POLL = Duration.ofMillis(200);

  private final String bootstrap;
  private final Topics topics;

  Outputs(String bootstrap, Topics topics) {
    this.bootstrap = bootstrap;
    this.topics = topics;
  }

  /** A consumer at the beginning of all four topics; the caller closes it. */
  KafkaConsumer<String, byte[]> open() {
    return open(topics.outputs(), "read_committed");
  }

  private KafkaConsumer<String, byte[]> open(List<String> names, String isolation) {
    KafkaConsumer<String, byte[]> consumer =
        new KafkaConsumer<>(
            Map.of(
                ConsumerConfig.BOOTSTRAP_SERVERS_CONFIG, bootstrap,
                ConsumerConfig.ISOLATION_LEVEL_CONFIG, isolation,
                ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, false),
            new StringDeserializer(),
            new ByteArrayDeserializer());
    List<TopicPartition> partitions = new ArrayList<>();
    for (String name : names) {
      consumer
          .partitionsFor(name)
          .forEach(info -> partitions.add(new TopicPartition(name, info.partition())));
    }
    consumer.assign(partitions);
    consumer.seekToBeginning(partitions);
    return consumer;
  }

  /**
   * Reads all that is committed, after every open transaction has ended, and hands each record's id
   * and outcome on.
   *
   * @throws IllegalStateException if a transaction is still open after {@code patience}
   */
  void readAll(HeadgateSerdes serdes, Duration patience, BiConsumer<String, Outcome> sink)
      throws InterruptedException {
    try (KafkaConsumer<String, byte[]> consumer = open();
        Serde<ModeratedImage> serde = serdes.moderatedImage()) {
      Map<TopicPartition, Long> ends = settledEnds(consumer, patience);
      while (ends.entrySet().stream().anyMatch(e -> consumer.position(e.getKey()) < e.getValue())) {
        for (ConsumerRecord<String, byte[]> record : consumer.poll(POLL)) {
          sink.accept(String.valueOf(record.key()), outcome(record, serde));
        }
      }
    }
  }

  /** Ids in the source, with how often each is there. */
  Map<String, Integer> submitted() {
    Map<String, Integer> ids = new HashMap<>();
    try (KafkaConsumer<String, byte[]> consumer =
        open(List.of(topics.submitted()), "read_uncommitted")) {
      Map<TopicPartition, Long> ends = consumer.endOffsets(consumer.assignment());
      while (ends.entrySet().stream().anyMatch(e -> consumer.position(e.getKey()) < e.getValue())) {
        consumer.poll(POLL).forEach(record -> ids.merge(record.key(), 1, Integer::sum));
      }
    }
    return ids;
  }

  /** The ends, once the last stable offset has reached them everywhere. */
  private Map<TopicPartition, Long> settledEnds(
      KafkaConsumer<String, byte[]> committed, Duration patience) throws InterruptedException {
    long deadline = System.nanoTime() + patience.toNanos();
    try (KafkaConsumer<String, byte[]> all = open(topics.outputs(), "read_uncommitted")) {
      while (true) {
        Map<TopicPartition, Long> ends = all.endOffsets(all.assignment());
        Map<TopicPartition, Long> stable = committed.endOffsets(committed.assignment());
        if (ends.equals(stable)) {
          return ends;
        }
        if (System.nanoTime() > deadline) {
          throw new IllegalStateException(
              "a transaction is still open after %s: %s of %s are stable"
                  .formatted(patience, stable, ends));
        }
        TimeUnit.MILLISECONDS.sleep(200);
      }
    }
  }

  private Outcome outcome(ConsumerRecord<String, byte[]> record, Serde<ModeratedImage> serde) {
    Map<String, String> headers = new LinkedHashMap<>();
    record
        .headers()
        .forEach(
            header -> {
              if (!CIRCUMSTANCES.contains(header.key())) {
                headers.put(header.key(), new String(header.value(), StandardCharsets.UTF_8));
              }
            });
    if (record.topic().equals(topics.deadLetter())) {
      return new Outcome("dead-letter", digest(record.value()), headers, null);
    }
    ModeratedImage image = serde.deserializer().deserialize(record.topic(), record.value());
    String route =
        record.topic().equals(topics.clean())
            ? "clean"
            : record.topic().equals(topics.repaired()) ? "repaired" : "quarantined";
    return new Outcome(route, digest(image.getSubmitted()), headers, image.getVerdict());
  }

  private static String digest(ImageSubmitted event) {
    try {
      ByteBuffer bytes = ImageSubmitted.getEncoder().encode(event);
      byte[] copy = new byte[bytes.remaining()];
      bytes.get(copy);
      return digest(copy);
    } catch (IOException e) {
      throw new UncheckedIOException(e); // memory does not fail
    }
  }

  private static String digest(byte[] bytes) {
    if (bytes == null) {
      return "null";
    }
    try {
      return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }
}
