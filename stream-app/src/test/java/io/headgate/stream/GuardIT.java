package io.headgate.stream;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.headgate.client.FakeInspector;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;
import org.junit.jupiter.api.io.TempDir;

class GuardIT {
  private static final Duration PATIENCE = Duration.ofSeconds(60);

  @TempDir static Path folder;
  private static Broker broker;

  private FakeInspector service;
  private TestEvents events;
  private Topics topics;

  @BeforeAll
  static void startBroker() throws Exception {
    broker = new Broker(folder);
  }

  @AfterAll
  static void stopBroker() {
    broker.close();
  }

  @BeforeEach
  void start(TestInfo test) throws Exception {
    String name = test.getTestMethod().orElseThrow().getName();
    service = new FakeInspector();
    events = new TestEvents(name);
    topics = broker.topics(name, 4);
  }

  @AfterEach
  void stop() {
    service.close();
    events.close();
  }

  @Test
  void routesEveryEventExactlyOnce() throws Exception {
    Map<String, String> expected = submit(600, "e");

    try (RunningGuard guard = start(config().build())) {
      guard.awaitRunning(PATIENCE);
      Broker.Outputs outputs = broker.read(topics, 600, PATIENCE);

      assertThat(outputs.countsByKey()).hasSize(600).values().allMatch(count -> count == 1);
      assertThat(outputs.topicByKey()).isEqualTo(expected);
    }
  }

  @Test
  void goesOnWhereAnotherInstanceStopped() throws Exception {
    Map<String, String> expected = submit(200, "first");
    try (RunningGuard guard = start(config().build())) {
      guard.awaitRunning(PATIENCE);
      broker.read(topics, 100, PATIENCE);
    }
    expected.putAll(submit(200, "second"));

    try (RunningGuard guard = start(config().build())) {
      guard.awaitRunning(PATIENCE);
      Broker.Outputs outputs = broker.read(topics, 400, PATIENCE);

      assertThat(outputs.countsByKey()).hasSize(400).values().allMatch(count -> count == 1);
      assertThat(outputs.topicByKey()).isEqualTo(expected);
    }
  }

  @Test
  void holdsEventsWhileTheServiceIsAwayAndLosesNone() throws Exception {
    try (RunningGuard guard = start(config().build())) {
      guard.awaitRunning(PATIENCE);
      service.stop();
      Map<String, String> expected = submit(300, "held");
      assertThat(broker.read(topics, 1, Duration.ofSeconds(2)).size()).isZero();

      service.restart();
      Broker.Outputs outputs = broker.read(topics, 300, PATIENCE);

      assertThat(outputs.countsByKey()).hasSize(300).values().allMatch(count -> count == 1);
      assertThat(outputs.topicByKey()).isEqualTo(expected);
    }
  }

  private GuardConfig.Builder config() {
    return GuardConfig.builder(broker.bootstrap(), events.registry(), service.address())
        .applicationId(topics.submitted())
        .topics(topics);
  }

  private static RunningGuard start(GuardConfig config) {
    return GuardApp.configure(config).start(new SimpleMeterRegistry());
  }

  /** Submits events of all routes; returns the topic that each id belongs in. */
  private Map<String, String> submit(int count, String prefix) throws Exception {
    Map<String, String> expected = new HashMap<>();
    List<ProducerRecord<byte[], byte[]>> records = new ArrayList<>();
    byte[][] files = {
      TestEvents.png(TestEvents.CLEAN),
      TestEvents.png(TestEvents.REPAIRED),
      TestEvents.png(TestEvents.QUARANTINED),
      "no image".getBytes(UTF_8)
    };
    IntStream.range(0, count)
        .forEach(
            i -> {
              String id = prefix + "-" + i;
              expected.put(id, topics.outputs().get(i % 4));
              records.add(
                  new ProducerRecord<>(
                      topics.submitted(),
                      id.getBytes(UTF_8),
                      events.bytes(TestEvents.inline(id, files[i % 4]))));
            });
    broker.sendAll(records);
    return expected;
  }
}
