package io.headgate.deadletters;

import io.headgate.console.UserException;
import io.headgate.stream.HeaderNames;
import java.nio.charset.StandardCharsets;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ExecutionException;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.errors.UnknownTopicOrPartitionException;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * Sends dead letters back to where they came from: key, value and headers byte for byte, without
 * what made them dead letters, with the number of attempts in {@link DeadLetter#ATTEMPTS}.
 */
final class Replayer {
  /** What the guard appended, each once and behind all headers of the record. */
  private static final Set<String> APPENDED =
      Set.of(
          HeaderNames.ERROR_CODE,
          HeaderNames.ROUTE,
          HeaderNames.CALIBRATION,
          HeaderNames.MODEL,
          HeaderNames.TRUNCATED,
          HeaderNames.EXCEPTION,
          HeaderNames.MESSAGE,
          HeaderNames.STACKTRACE,
          HeaderNames.TOPIC,
          HeaderNames.PARTITION,
          HeaderNames.OFFSET);

  private final Map<String, Object> connection;
  private final Map<String, Object> config;

  /**
   * @param config of a Kafka client
   */
  Replayer(Map<String, Object> config) {
    this.connection = Map.copyOf(config);
    Map<String, Object> complete = new HashMap<>(config);
    complete.put(ProducerConfig.TRANSACTIONAL_ID_CONFIG, "headgate-replay-" + UUID.randomUUID());
    complete.putIfAbsent(ProducerConfig.MAX_REQUEST_SIZE_CONFIG, Integer.MAX_VALUE >> 4);
    this.config = complete;
  }

  /**
   * Sends all of them in one transaction: an interrupted replay has replayed nothing.
   *
   * @param target topic for those that do not name their source, or for all when {@code force}
   * @throws UserException if one of the topics is not there
   */
  void replay(List<DeadLetter> letters, String target, boolean force) {
    Function<DeadLetter, String> destination =
        letter -> force ? target : letter.sourceTopic().orElse(target);
    require(letters.stream().map(destination).collect(Collectors.toSet()));
    try (KafkaProducer<byte[], byte[]> producer =
        new KafkaProducer<>(config, new ByteArraySerializer(), new ByteArraySerializer())) {
      producer.initTransactions();
      producer.beginTransaction();
      try {
        for (DeadLetter letter : letters) {
          producer.send(
              new ProducerRecord<>(
                  destination.apply(letter),
                  null,
                  null,
                  letter.record().key(),
                  letter.record().value(),
                  headers(letter)));
        }
        producer.commitTransaction();
      } catch (RuntimeException e) {
        producer.abortTransaction();
        throw e;
      }
    }
  }

  /** A producer would wait a minute for each record before it says so. */
  private void require(Set<String> topics) {
    try (Admin admin = Admin.create(connection)) {
      admin
          .describeTopics(topics)
          .topicNameValues()
          .forEach(
              (topic, described) -> {
                try {
                  described.get();
                } catch (ExecutionException e) {
                  throw new UserException(
                      "topic %s: %s (expected: a topic to replay to); nothing was replayed"
                          .formatted(
                              topic,
                              e.getCause() instanceof UnknownTopicOrPartitionException
                                  ? "not there, or not to be seen by this principal"
                                  : e.getCause().getMessage()),
                      e);
                } catch (InterruptedException e) {
                  Thread.currentThread().interrupt();
                  throw new UserException("replay: interrupted; nothing was replayed", e);
                }
              });
    }
  }

  /** The record's own headers, even those that are named like the guard's, and the attempts. */
  static RecordHeaders headers(DeadLetter letter) {
    Deque<Header> own = new ArrayDeque<>();
    Set<String> appended = new HashSet<>(APPENDED);
    Header[] all = letter.record().headers().toArray();
    for (int i = all.length - 1; i >= 0; i--) {
      if (!appended.remove(all[i].key()) && !all[i].key().equals(DeadLetter.ATTEMPTS)) {
        own.addFirst(all[i]);
      }
    }
    RecordHeaders headers = new RecordHeaders(own);
    headers.add(
        DeadLetter.ATTEMPTS,
        Integer.toString(letter.attempts() + 1).getBytes(StandardCharsets.UTF_8));
    return headers;
  }
}
