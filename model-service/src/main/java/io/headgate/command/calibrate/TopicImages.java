package io.headgate.command.calibrate;

import io.confluent.kafka.schemaregistry.client.rest.exceptions.RestClientException;
import io.headgate.command.ImageFiles;
import io.headgate.command.ImageFiles.Encoded;
import io.headgate.command.ImageFiles.Loaded;
import io.headgate.console.UserException;
import io.headgate.serde.HeadgateSerdes;
import io.headgate.serde.WrongEventException;
import io.headgate.v1.ImageSubmitted;
import io.headgate.v1.InlineImage;
import io.headgate.v1.ModeratedImage;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.function.Consumer;
import java.util.function.LongFunction;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.consumer.OffsetAndTimestamp;
import org.apache.kafka.common.KafkaException;
import org.apache.kafka.common.PartitionInfo;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.errors.InvalidTopicException;
import org.apache.kafka.common.errors.SerializationException;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.Deserializer;

/**
 * The images of a range of a topic: events as submitted, or with their verdict. Joins no group,
 * commits nothing.
 *
 * <p>The range is fixed when it is opened and read once to learn which records there are, eight
 * bytes of each. They are then dealt to the stages at random, and every stage reads the range again
 * from the front: images of all times in every stage, without holding one of them. Owned by one
 * thread.
 */
final class TopicImages implements ImageSource {
  private static final Duration POLL = Duration.ofMillis(500);
  private static final Duration PATIENCE = Duration.ofSeconds(30);
  private static final Duration FIRST_ANSWER = Duration.ofSeconds(15);
  private static final int OFFSET_BITS = 48;

  private final String topic;
  private final Map<Integer, Range> ranges = new HashMap<>();
  private final KafkaConsumer<byte[], byte[]> consumer;
  private final Deserializer<ImageSubmitted> submitted;
  private final Deserializer<ModeratedImage> moderated;
  private final ImageFiles decoder;
  private final String registry;
  private final long[] places; // partition and offset of each image, in the order of reading

  private record Range(long from, long to) {}

  /**
   * @param kafka settings of a consumer
   * @param excluded ids of images to leave out
   * @param cuts for a number of images, the indices at which a stage ends
   * @throws UserException if the topic cannot be read
   */
  TopicImages(
      String topic,
      Moment from,
      Moment to,
      Map<String, Object> kafka,
      HeadgateSerdes serdes,
      Set<String> excluded,
      long seed,
      LongFunction<long[]> cuts,
      ImageFiles decoder) {
    this.topic = topic;
    this.decoder = decoder;
    this.registry = serdes.config().get(HeadgateSerdes.REGISTRY_URL).toString();
    this.submitted = serdes.imageSubmitted().deserializer();
    this.moderated = serdes.moderatedImage().deserializer();
    Map<String, Object> settings = new HashMap<>(kafka);
    settings.put(ConsumerConfig.ENABLE_AUTO_COMMIT_CONFIG, false);
    settings.put(ConsumerConfig.AUTO_OFFSET_RESET_CONFIG, "none");
    settings.put(ConsumerConfig.ISOLATION_LEVEL_CONFIG, "read_committed");
    settings.put(ConsumerConfig.ALLOW_AUTO_CREATE_TOPICS_CONFIG, false);
    settings.remove(ConsumerConfig.GROUP_ID_CONFIG);
    try {
      this.consumer =
          new KafkaConsumer<>(settings, new ByteArrayDeserializer(), new ByteArrayDeserializer());
    } catch (KafkaException e) {
      throw failed("cannot be read", e);
    }
    try {
      resolve(from, to);
      this.places = deal(index(excluded), seed, cuts);
    } catch (KafkaException e) {
      consumer.close();
      throw failed("cannot be read", e);
    } catch (RuntimeException e) {
      consumer.close();
      throw e;
    }
  }

  private void resolve(Moment from, Moment to) {
    List<PartitionInfo> infos;
    try {
      infos = consumer.partitionsFor(topic, FIRST_ANSWER);
    } catch (UnknownTopicOrPartitionException | InvalidTopicException e) {
      throw missing(e);
    }
    if (infos == null || infos.isEmpty()) {
      throw missing(null);
    }
    List<TopicPartition> partitions =
        infos.stream().map(p -> new TopicPartition(topic, p.partition())).toList();
    Map<TopicPartition, Long> first = consumer.beginningOffsets(partitions);
    Map<TopicPartition, Long> end = consumer.endOffsets(partitions);
    Map<TopicPartition, Long> begins = offsets(from, first, end);
    Map<TopicPartition, Long> ends = offsets(to, first, end);
    for (TopicPartition partition : partitions) {
      long begin = Math.max(begins.get(partition), first.get(partition));
      ranges.put(partition.partition(), new Range(begin, Math.max(begin, ends.get(partition))));
    }
  }

  private UserException missing(Exception cause) {
    return new UserException(
        "topic %s: no such topic (expected: a topic of submitted or moderated images; list them with 'headgate topics check')"
            .formatted(topic),
        cause);
  }

  private Map<TopicPartition, Long> offsets(
      Moment moment, Map<TopicPartition, Long> first, Map<TopicPartition, Long> end) {
    if (moment.time().isEmpty()) {
      return moment.end() ? end : first;
    }
    Map<TopicPartition, Long> times = new HashMap<>();
    end.keySet().forEach(p -> times.put(p, moment.time().get().toEpochMilli()));
    Map<TopicPartition, OffsetAndTimestamp> found = consumer.offsetsForTimes(times);
    Map<TopicPartition, Long> offsets = new HashMap<>();
    end.forEach(
        (partition, last) -> {
          OffsetAndTimestamp at = found.get(partition);
          offsets.put(partition, at == null ? last : at.offset());
        });
    return offsets;
  }

  /** Places of all records that have a value and are not excluded, in the order of the topic. */
  private long[] index(Set<String> excluded) {
    long[] found = new long[1024];
    int n = 0;
    for (int partition : ranges.keySet().stream().sorted().toList()) {
      List<ConsumerRecord<byte[], byte[]>> polled = new ArrayList<>();
      Range range = ranges.get(partition);
      for (Cursor cursor = new Cursor(partition, range.from(), range.to()); cursor.next(polled); ) {
        for (ConsumerRecord<byte[], byte[]> message : polled) {
          if (message.value() == null || excluded.contains(key(message))) {
            continue;
          }
          if (n == found.length) {
            found = Arrays.copyOf(found, 2 * n);
          }
          found[n++] = (long) partition << OFFSET_BITS | message.offset();
        }
      }
    }
    if (n == 0) {
      throw new UserException(
          "topic %s: no images in the range %s (expected: records between --from and --to)"
              .formatted(topic, ranges.values()));
    }
    return Arrays.copyOf(found, n);
  }

  private static String key(ConsumerRecord<byte[], byte[]> message) {
    return message.key() == null ? "" : new String(message.key(), StandardCharsets.UTF_8);
  }

  private static long[] deal(long[] places, long seed, LongFunction<long[]> cuts) {
    Random random = new Random(seed);
    for (int i = places.length - 1; i > 0; i--) {
      int j = random.nextInt(i + 1);
      long swapped = places[i];
      places[i] = places[j];
      places[j] = swapped;
    }
    int from = 0;
    for (long cut : cuts.apply(places.length)) {
      Arrays.sort(places, from, (int) cut);
      from = (int) cut;
    }
    return places;
  }

  /** Polls one partition from one offset to another. */
  private final class Cursor {
    private final TopicPartition partition;
    private final long to;

    Cursor(int partition, long from, long to) {
      this.partition = new TopicPartition(topic, partition);
      this.to = to;
      consumer.assign(List.of(this.partition));
      consumer.seek(this.partition, from);
    }

    /** The next records; false at the end. */
    boolean next(List<ConsumerRecord<byte[], byte[]>> into) {
      into.clear();
      long quietSince = System.nanoTime();
      while (into.isEmpty()) {
        long before = consumer.position(partition);
        if (before >= to) {
          return false;
        }
        for (ConsumerRecord<byte[], byte[]> message : consumer.poll(POLL)) {
          if (message.offset() < to) {
            into.add(message);
          }
        }
        if (consumer.position(partition) > before) {
          quietSince = System.nanoTime(); // markers of transactions are positions without records
        } else if (System.nanoTime() - quietSince > PATIENCE.toNanos()) {
          throw new UserException(
              "topic %s partition %d offset %d: no answer within %d s; check the cluster"
                  .formatted(topic, partition.partition(), before, PATIENCE.toSeconds()));
        }
      }
      return true;
    }
  }

  @Override
  public long size() {
    return places.length;
  }

  @Override
  public String identity() {
    return topic + " " + ranges + " " + Arrays.hashCode(places);
  }

  @Override
  public void forEach(long from, int batch, Consumer<List<Loaded>> then) {
    try {
      int at = (int) from;
      while (at < places.length) {
        at = ascending(at, batch, then);
      }
    } catch (KafkaException e) {
      throw failed("reading stopped", e);
    }
  }

  /** Reads on while places ascend in one partition; returns the index of the first not read. */
  private int ascending(int from, int batch, Consumer<List<Loaded>> then) {
    int partition = (int) (places[from] >>> OFFSET_BITS);
    int end = from + 1;
    while (end < places.length
        && places[end] > places[end - 1]
        && places[end] >>> OFFSET_BITS == partition) {
      end++;
    }
    long last = offset(places[end - 1]);
    Cursor cursor = new Cursor(partition, offset(places[from]), last + 1);
    List<ConsumerRecord<byte[], byte[]>> polled = new ArrayList<>();
    List<ConsumerRecord<byte[], byte[]>> wanted = new ArrayList<>();
    int next = from;
    while (next < end && cursor.next(polled)) {
      for (ConsumerRecord<byte[], byte[]> message : polled) {
        if (next < end && message.offset() == offset(places[next])) {
          wanted.add(message);
          next++;
          if (wanted.size() == batch) {
            then.accept(load(wanted));
            wanted.clear();
          }
        }
      }
    }
    if (!wanted.isEmpty()) {
      then.accept(load(wanted));
    }
    if (next < end) {
      throw new UserException(
          "topic %s partition %d offset %d: the record is gone since reading began (expected: a retention longer than a calibration takes); start again"
              .formatted(topic, partition, offset(places[next])));
    }
    return end;
  }

  private static long offset(long place) {
    return place & (1L << OFFSET_BITS) - 1;
  }

  private List<Loaded> load(List<ConsumerRecord<byte[], byte[]>> messages) {
    Loaded[] loaded = new Loaded[messages.size()];
    List<Encoded> encoded = new ArrayList<>();
    List<Integer> of = new ArrayList<>();
    for (int i = 0; i < loaded.length; i++) {
      ConsumerRecord<byte[], byte[]> message = messages.get(i);
      String where =
          "%s (partition %d offset %d)"
              .formatted(key(message), message.partition(), message.offset());
      try {
        ImageSubmitted event = event(message.value());
        if (event.getContent() instanceof InlineImage image) {
          encoded.add(new Encoded(event.getId(), bytes(image.getBytes())));
          of.add(i);
        } else {
          loaded[i] =
              Loaded.refused(
                  where,
                  new byte[0],
                  "BY_REFERENCE",
                  "the image is by reference, which a calibration does not follow (expected: an image in the event; fetch the files and use --images)");
        }
      } catch (SerializationException e) {
        if (isOutage(e)) {
          throw new UserException(
              "schema registry %s: %s; check --registry and that it is up, then start again: what was read is kept"
                  .formatted(registry, rootMessage(e)),
              e);
        }
        loaded[i] = Loaded.refused(where, new byte[0], "UNDECODABLE_RECORD", rootMessage(e));
      }
    }
    List<Loaded> decoded = decoder.decode(encoded);
    for (int i = 0; i < decoded.size(); i++) {
      loaded[of.get(i)] = decoded.get(i);
    }
    return Arrays.asList(loaded);
  }

  private ImageSubmitted event(byte[] value) {
    try {
      return submitted.deserialize(topic, value);
    } catch (WrongEventException e) {
      return moderated.deserialize(topic, value).getSubmitted();
    }
  }

  private static byte[] bytes(ByteBuffer buffer) {
    byte[] bytes = new byte[buffer.remaining()];
    buffer.duplicate().get(bytes);
    return bytes;
  }

  private static boolean isOutage(Throwable e) {
    for (Throwable cause = e; cause != null; cause = cause.getCause()) {
      if (cause instanceof RestClientException rest) {
        return rest.getStatus() != 404;
      }
      if (cause instanceof IOException) {
        return true;
      }
    }
    return false;
  }

  private UserException failed(String what, KafkaException e) {
    return new UserException(
        "topic %s: %s: %s; check --bootstrap, --kafka-config and that the cluster is up"
            .formatted(topic, what, rootMessage(e)),
        e);
  }

  private static String rootMessage(Throwable e) {
    Throwable root = e;
    while (root.getCause() != null) {
      root = root.getCause();
    }
    return root.getMessage() == null ? root.toString() : root.getMessage();
  }

  @Override
  public void close() {
    consumer.close();
    submitted.close();
    moderated.close();
  }
}
