package io.headgate.deadletters;

import io.headgate.stream.HeaderNames;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.apache.kafka.common.serialization.ByteArraySerializer;

/**
 * Sends dead letters back to where they came from: key, value and headers byte for byte, without
 * what made them dead letters, with the number of attempts in {@link DeadLetter#ATTEMPTS}.
 */
final class Replayer {
  private static final String STREAMS_ERRORS = "__streams.errors.";
  private static final Set<String> OWN =
      Set.of(HeaderNames.ERROR_CODE, HeaderNames.TRUNCATED, DeadLetter.ATTEMPTS);

  private final Map<String, Object> config;

  /**
   * @param config of a Kafka client
   */
  Replayer(Map<String, Object> config) {
    Map<String, Object> complete = new HashMap<>(config);
    complete.put(ProducerConfig.TRANSACTIONAL_ID_CONFIG, "headgate-replay-" + UUID.randomUUID());
    complete.putIfAbsent(ProducerConfig.MAX_REQUEST_SIZE_CONFIG, Integer.MAX_VALUE >> 4);
    this.config = complete;
  }

  /**
   * Sends all of them in one transaction: an interrupted replay has replayed nothing.
   *
   * @param target topic for those that do not name their source, or for all when {@code force}
   */
  void replay(List<DeadLetter> letters, String target, boolean force) {
    try (KafkaProducer<byte[], byte[]> producer =
        new KafkaProducer<>(config, new ByteArraySerializer(), new ByteArraySerializer())) {
      producer.initTransactions();
      producer.beginTransaction();
      try {
        for (DeadLetter letter : letters) {
          String topic = force ? target : letter.sourceTopic().orElse(target);
          producer.send(
              new ProducerRecord<>(
                  topic,
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

  static RecordHeaders headers(DeadLetter letter) {
    RecordHeaders headers = new RecordHeaders();
    for (Header header : letter.record().headers()) {
      if (!header.key().startsWith(STREAMS_ERRORS) && !OWN.contains(header.key())) {
        headers.add(header);
      }
    }
    headers.add(
        DeadLetter.ATTEMPTS,
        Integer.toString(letter.attempts() + 1).getBytes(StandardCharsets.UTF_8));
    return headers;
  }
}
