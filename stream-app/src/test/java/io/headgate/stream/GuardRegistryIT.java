package io.headgate.stream;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.confluent.kafka.schemaregistry.avro.AvroSchema;
import io.confluent.kafka.schemaregistry.client.CachedSchemaRegistryClient;
import io.headgate.broker.RegistryProcess;
import io.headgate.client.FakeInspector;
import io.headgate.registry.SchemaSubjects;
import io.headgate.registry.SubjectState;
import io.headgate.serde.HeadgateSerdes;
import io.headgate.v1.ImageSubmitted;
import io.headgate.v1.ModeratedImage;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.apache.avro.Schema;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.serialization.Serde;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;
import org.junit.jupiter.api.io.TempDir;

/** A guard, a broker, and a schema registry server that is not our own. */
class GuardRegistryIT {
  private static final Duration PATIENCE = Duration.ofSeconds(90);
  private static final Duration A_WHILE = Duration.ofSeconds(2);

  @TempDir static Path folder;
  private static Broker broker;
  private static RegistryProcess registry;

  private FakeInspector service;
  private Topics topics;
  private RunningGuard guard;

  @BeforeAll
  static void startAll() throws Exception {
    broker = new Broker(Files.createDirectory(folder.resolve("broker")));
    registry =
        RegistryProcess.prepare(
            RegistryProcess.find(null), Files.createDirectory(folder.resolve("registry")));
    registry.process().start();
    registry.awaitReady(PATIENCE);
  }

  @AfterAll
  static void stopAll() {
    registry.close();
    broker.close();
  }

  @BeforeEach
  void startGuard(TestInfo test) throws Exception {
    service = new FakeInspector();
    topics = broker.topics(test.getTestMethod().orElseThrow().getName(), 1);
    try (SchemaSubjects subjects = new SchemaSubjects(registryConfig(), topics)) {
      assertThat(subjects.register()).allMatch(SubjectState::ok);
    }
    GuardConfig config =
        GuardConfig.builder(broker.bootstrap(), registry.url(), service.address())
            .applicationId(topics.submitted())
            .topics(topics)
            .build();
    guard = GuardApp.configure(config).start(new SimpleMeterRegistry());
    guard.awaitRunning(PATIENCE);
  }

  @AfterEach
  void stopGuard() {
    guard.close();
    service.close();
  }

  @Test
  void readsEventsOfNewerAndOlderProducersAndIsReadByConsumers() throws Exception {
    ImageSubmitted event = TestEvents.inline("a", TestEvents.png(TestEvents.CLEAN));
    Schema newer = TestEvents.with(event.getSchema(), "camera");
    Schema older = TestEvents.without(event.getSchema(), "attributes");

    send("newer", wire(newer, event, register("newer", newer)));
    send("older", wire(older, event, register("older", older)));
    send("today", today(event));
    Broker.Outputs outputs = broker.read(topics, 3, PATIENCE);

    assertThat(outputs.topicByKey()).hasSize(3).values().containsOnly(topics.clean());
    assertThat(moderated(outputs, "newer").getSubmitted()).isEqualTo(event);
    assertThat(moderated(outputs, "older").getSubmitted().getId()).isEqualTo("a");
    assertThat(moderated(outputs, "older").getSubmitted().getAttributes()).isEmpty();
    assertThat(moderated(outputs, "today").getSubmitted()).isEqualTo(event);
  }

  @Test
  void turnsAnIdThatTheRegistryDoesNotKnowIntoADeadLetter() throws Exception {
    byte[] value = today(TestEvents.inline("a", TestEvents.png(TestEvents.CLEAN)));
    ByteBuffer.wrap(value).putInt(1, Integer.MAX_VALUE);

    send("a", value);
    Broker.Outputs outputs = broker.read(topics, 1, PATIENCE);

    assertThat(Harness.texts(outputs.of("a").get(0).headers()))
        .containsEntry(HeaderNames.ERROR_CODE, "UNKNOWN_SCHEMA");
  }

  @Test
  void waitsForARegistryThatDied() throws Exception {
    ImageSubmitted event = TestEvents.inline("a", TestEvents.png(TestEvents.CLEAN));
    Schema unseen = TestEvents.with(event.getSchema(), "unseen");
    byte[] value = wire(unseen, event, register("unseen", unseen));
    registry.process().kill();

    send("a", value);
    assertThat(broker.read(topics, 1, A_WHILE).size()).isZero();
    assertThat(guard.live().ok()).isTrue();
    assertThat(guard.ready().ok()).isFalse();

    registry.process().start();
    assertThat(broker.read(topics, 1, PATIENCE).topicByKey()).containsEntry("a", topics.clean());
    assertThat(guard.ready().ok()).isTrue();
  }

  @Test
  void waitsForARegistryThatHangs() throws Exception {
    ImageSubmitted event = TestEvents.inline("a", TestEvents.png(TestEvents.CLEAN));
    Schema unseen = TestEvents.with(event.getSchema(), "hanging");
    byte[] value = wire(unseen, event, register("hanging", unseen));
    registry.process().freeze();
    try {
      send("a", value);
      assertThat(broker.read(topics, 1, A_WHILE).size()).isZero();
    } finally {
      registry.process().thaw();
    }

    assertThat(broker.read(topics, 1, PATIENCE).topicByKey()).containsEntry("a", topics.clean());
  }

  private static Map<String, String> registryConfig() {
    return Map.of(HeadgateSerdes.REGISTRY_URL, registry.url());
  }

  private void send(String key, byte[] value) throws Exception {
    broker.sendAll(List.of(new ProducerRecord<>(topics.submitted(), key.getBytes(UTF_8), value)));
  }

  private byte[] today(ImageSubmitted event) {
    try (Serde<ImageSubmitted> serde = new HeadgateSerdes(registryConfig()).imageSubmitted()) {
      return serde.serializer().serialize(topics.submitted(), event);
    }
  }

  private ModeratedImage moderated(Broker.Outputs outputs, String key) {
    try (Serde<ModeratedImage> serde = new HeadgateSerdes(registryConfig()).moderatedImage()) {
      return serde.deserializer().deserialize(topics.clean(), outputs.of(key).get(0).value());
    }
  }

  /** Under a subject of its own: what a producer of that version would have registered. */
  private int register(String producer, Schema schema) throws Exception {
    try (CachedSchemaRegistryClient client = new CachedSchemaRegistryClient(registry.url(), 10)) {
      return client.register(topics.submitted() + "-" + producer, new AvroSchema(schema));
    }
  }

  private static byte[] wire(Schema schema, ImageSubmitted event, int id) throws Exception {
    return TestEvents.wire(id, schema, TestEvents.in(schema, event));
  }
}
