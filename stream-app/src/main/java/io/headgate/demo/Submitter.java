package io.headgate.demo;

import io.headgate.samples.Sample;
import io.headgate.serde.HeadgateSerdes;
import io.headgate.v1.ImageSubmitted;
import io.headgate.v1.InlineImage;
import java.nio.ByteBuffer;
import java.time.Clock;
import java.util.Map;
import java.util.concurrent.atomic.AtomicReference;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.StringSerializer;

/** Publishes the plan's events as any producer would. */
final class Submitter {
  private final String bootstrap;
  private final String topic;
  private final HeadgateSerdes serdes;
  private final Clock clock;

  Submitter(String bootstrap, String topic, HeadgateSerdes serdes, Clock clock) {
    this.bootstrap = bootstrap;
    this.topic = topic;
    this.serdes = serdes;
    this.clock = clock;
  }

  /**
   * Sends all events and returns when the broker has acknowledged every one.
   *
   * @throws IllegalStateException if one could not be sent
   */
  void submit(Plan plan) {
    Map<String, Object> config =
        Map.of(
            ProducerConfig.BOOTSTRAP_SERVERS_CONFIG,
            bootstrap,
            ProducerConfig.ENABLE_IDEMPOTENCE_CONFIG,
            true,
            ProducerConfig.LINGER_MS_CONFIG,
            5);
    AtomicReference<Exception> failure = new AtomicReference<>();
    try (Serde<ImageSubmitted> serde = serdes.imageSubmitted();
        KafkaProducer<String, byte[]> producer =
            new KafkaProducer<>(config, new StringSerializer(), new ByteArraySerializer())) {
      plan.events()
          .forEach(
              (id, sample) -> {
                byte[] value =
                    sample.rawRecord()
                        ? sample.bytes()
                        : serde.serializer().serialize(topic, event(id, sample));
                producer.send(
                    new ProducerRecord<>(topic, id, value),
                    (metadata, error) -> {
                      if (error != null) {
                        failure.compareAndSet(null, error);
                      }
                    });
              });
      producer.flush();
    }
    if (failure.get() != null) {
      throw new IllegalStateException(
          "submit to %s: %s".formatted(topic, failure.get().getMessage()), failure.get());
    }
  }

  private ImageSubmitted event(String id, Sample sample) {
    return ImageSubmitted.newBuilder()
        .setId(id)
        .setSubmittedAt(clock.instant())
        .setSource("demo")
        .setContent(new InlineImage(ByteBuffer.wrap(sample.bytes()), ""))
        .build();
  }
}
