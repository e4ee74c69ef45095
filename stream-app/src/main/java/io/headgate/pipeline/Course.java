package io.headgate.pipeline;

import io.headgate.serde.HeadgateSerdes;
import io.headgate.stream.Topics;
import io.headgate.topics.Tail;
import io.headgate.v1.ImageSubmitted;
import io.headgate.v1.InlineImage;
import java.nio.ByteBuffer;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.AdminClientConfig;
import org.apache.kafka.clients.admin.OffsetSpec;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndMetadata;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.clients.producer.RecordMetadata;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.StringSerializer;

/**
 * One set of topics to run a guard over: puts events in and says when they came out, by the
 * broker's clock (outputs carry {@code LogAppendTime}), so that nobody need read while it is
 * measured.
 *
 * <p>Used by one thread.
 */
final class Course implements AutoCloseable {
  private static final Duration POLL = Duration.ofMillis(20);
  private static final int MOST_BYTES = 8 << 20;
  private static final long LOOK_MILLIS = 250;

  private final Topics topics;
  private final Serde<ImageSubmitted> serde;
  private final KafkaProducer<String, byte[]> producer;
  private final KafkaConsumer<String, byte[]> consumer;
  private final Admin admin;

  /** Begins at the outputs' end. */
  Course(String bootstrap, HeadgateSerdes serdes, Topics topics) {
    this.topics = topics;
    this.serde = serdes.imageSubmitted();
    this.producer =
        new KafkaProducer<>(
            Map.of(
                ProducerConfig.BOOTSTRAP_SERVERS_CONFIG, bootstrap,
                ProducerConfig.MAX_REQUEST_SIZE_CONFIG, MOST_BYTES,
                ProducerConfig.LINGER_MS_CONFIG, 0),
            new StringSerializer(),
            new ByteArraySerializer());
    this.admin = Admin.create(Map.of(AdminClientConfig.BOOTSTRAP_SERVERS_CONFIG, bootstrap));
    this.consumer = Tail.open(bootstrap, topics.outputs());
  }

  /** Submits {@code count} events, images in turns, and returns when all are acknowledged. */
  void submit(List<byte[]> images, int count) throws InterruptedException, ExecutionException {
    List<Future<RecordMetadata>> sent = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      sent.add(producer.send(record(images.get(i % images.size()))));
    }
    for (Future<RecordMetadata> one : sent) {
      one.get();
    }
  }

  private ProducerRecord<String, byte[]> record(byte[] image) {
    ThreadLocalRandom random = ThreadLocalRandom.current();
    String id = new UUID(random.nextLong(), random.nextLong()).toString();
    ImageSubmitted event =
        ImageSubmitted.newBuilder()
            .setId(id)
            .setSubmittedAt(Instant.now())
            .setSource("bench")
            .setContent(new InlineImage(ByteBuffer.wrap(image), ""))
            .build();
    return new ProducerRecord<>(
        topics.submitted(), id, serde.serializer().serialize(topics.submitted(), event));
  }

  /**
   * Waits until a group has committed the whole source, or time is up.
   *
   * @param group the guard's application id
   */
  void awaitCommitted(String group, Duration patience)
      throws InterruptedException, ExecutionException {
    long end = System.nanoTime() + patience.toNanos();
    Map<TopicPartition, OffsetSpec> latest = new HashMap<>();
    for (var info : producer.partitionsFor(topics.submitted())) {
      latest.put(new TopicPartition(topics.submitted(), info.partition()), OffsetSpec.latest());
    }
    while (System.nanoTime() < end) {
      var committed = admin.listConsumerGroupOffsets(group).partitionsToOffsetAndMetadata().get();
      long behind = 0;
      for (var last : admin.listOffsets(latest).all().get().entrySet()) {
        OffsetAndMetadata offset = committed.get(last.getKey());
        behind += last.getValue().offset() - (offset == null ? 0 : offset.offset());
      }
      if (behind == 0) {
        return;
      }
      TimeUnit.MILLISECONDS.sleep(LOOK_MILLIS);
    }
  }

  /**
   * Reads outputs until {@code count} came or time is up.
   *
   * @return when the broker wrote each, milliseconds since the epoch, rising
   */
  long[] collect(int count, Duration patience) {
    long[] times = new long[count];
    int size = 0;
    long end = System.nanoTime() + patience.toNanos();
    while (size < count && System.nanoTime() < end) {
      for (ConsumerRecord<String, byte[]> record : consumer.poll(POLL)) {
        if (record.topic().equals(topics.deadLetter())) {
          throw new IllegalStateException("a dead letter came out: %s".formatted(record.headers()));
        }
        if (size < count) {
          times[size++] = record.timestamp();
        }
      }
    }
    long[] sorted = Arrays.copyOf(times, size);
    Arrays.sort(sorted);
    return sorted;
  }

  /**
   * Lets one event at a time through and says how long each took from its submission until a reader
   * had it: the send, the verdict, the commit and the read.
   *
   * @return milliseconds, rising
   */
  double[] latencies(List<byte[]> images, int count, Duration patience)
      throws InterruptedException {
    double[] latencies = new double[count];
    for (int i = 0; i < count; i++) {
      // at no fixed distance, else all would meet the same moment of the commit interval
      TimeUnit.MILLISECONDS.sleep(ThreadLocalRandom.current().nextInt(50, 350));
      ProducerRecord<String, byte[]> record = record(images.get(i % images.size()));
      long start = System.nanoTime();
      producer.send(record);
      await(record.key(), start + patience.toNanos());
      latencies[i] = (System.nanoTime() - start) / 1e6;
    }
    Arrays.sort(latencies);
    return latencies;
  }

  private void await(String id, long deadline) {
    while (System.nanoTime() < deadline) {
      for (ConsumerRecord<String, byte[]> record : consumer.poll(POLL)) {
        if (record.key().equals(id)) {
          return;
        }
      }
    }
    throw new IllegalStateException("event " + id + " did not come out");
  }

  @Override
  public void close() {
    producer.close();
    consumer.close();
    admin.close();
    serde.close();
  }
}
