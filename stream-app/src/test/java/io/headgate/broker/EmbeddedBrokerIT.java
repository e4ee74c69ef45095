package io.headgate.broker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class EmbeddedBrokerIT {
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  @Test
  void carriesTransactionsOnTopicsItCreated(@TempDir Path folder) throws Exception {
    try (EmbeddedBroker broker = EmbeddedBroker.start(folder);
        Admin admin = Admin.create(Map.of("bootstrap.servers", broker.bootstrap()))) {
      TopicSetup.createAndAwait(admin, List.of(new NewTopic("t", 4, (short) 1)), PATIENCE);

      try (var producer = producer(broker.bootstrap(), Map.of("transactional.id", "tx"))) {
        producer.initTransactions();
        producer.beginTransaction();
        producer.send(new ProducerRecord<>("t", "aborted", "x"));
        producer.flush();
        producer.abortTransaction();
        producer.beginTransaction();
        producer.send(new ProducerRecord<>("t", "kept", "y"));
        producer.commitTransaction();
      }

      assertThat(readKeys(broker.bootstrap(), 1)).containsExactly("kept");
      assertThatThrownBy(
              () ->
                  TopicSetup.createAndAwait(
                      admin, List.of(new NewTopic("t", 4, (short) 1)), PATIENCE))
          .isInstanceOf(IllegalStateException.class)
          .hasMessageContaining("[t]");
    }
  }

  @Test
  void separateProcessKeepsAcknowledgedRecordsThroughSigkill(@TempDir Path folder)
      throws Exception {
    try (BrokerProcess broker = BrokerProcess.prepare(folder, Map.of())) {
      broker.process().start();
      try (Admin admin = Admin.create(Map.of("bootstrap.servers", broker.bootstrap()))) {
        TopicSetup.createAndAwait(admin, List.of(new NewTopic("t", 1, (short) 1)), PATIENCE);
      }
      try (var producer = producer(broker.bootstrap(), Map.of())) {
        producer.send(new ProducerRecord<>("t", "before", "x")).get(60, TimeUnit.SECONDS);
        long first = broker.process().pid();
        broker.process().kill();
        broker.process().start();
        producer.send(new ProducerRecord<>("t", "after", "x")).get(60, TimeUnit.SECONDS);

        assertThat(broker.process().pid()).isNotEqualTo(first);
      }

      assertThat(readKeys(broker.bootstrap(), 2)).containsExactly("before", "after");
    }
  }

  private static KafkaProducer<String, String> producer(
      String bootstrap, Map<String, String> extra) {
    Map<String, Object> config = new HashMap<>(extra);
    config.put("bootstrap.servers", bootstrap);
    return new KafkaProducer<>(config, new StringSerializer(), new StringSerializer());
  }

  /** Reads until {@code count} records have come, or patience ends. */
  private static List<String> readKeys(String bootstrap, int count) {
    Map<String, Object> config =
        Map.of(
            "bootstrap.servers", bootstrap,
            "group.id", "reader",
            "auto.offset.reset", "earliest",
            "isolation.level", "read_committed");
    List<String> keys = new ArrayList<>();
    try (var consumer =
        new KafkaConsumer<>(config, new StringDeserializer(), new StringDeserializer())) {
      consumer.subscribe(List.of("t"));
      long deadline = System.nanoTime() + PATIENCE.toNanos();
      while (keys.size() < count && System.nanoTime() < deadline) {
        for (ConsumerRecord<String, String> record : consumer.poll(Duration.ofMillis(200))) {
          keys.add(record.key());
        }
      }
    }
    return keys;
  }
}
