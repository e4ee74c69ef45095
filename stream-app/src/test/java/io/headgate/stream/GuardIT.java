package io.headgate.stream;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import io.headgate.client.FakeInspector;
import io.headgate.operations.OperationsServer;
import io.headgate.v1.Verdict;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.IntStream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.TransactionListing;
import org.apache.kafka.clients.consumer.ConsumerRecord;
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

  @Test
  void carriesTheCalibrationThatJudgedEachEventWhileItChanges() throws Exception {
    Set<String> inForce = new HashSet<>();
    try (RunningGuard guard = start(config().build())) {
      guard.awaitRunning(PATIENCE);
      for (int round = 0; round < 8; round++) {
        String id = "calibration-" + round;
        inForce.add(id);
        service.calibration(id);
        submit(100, "round" + round);
      }
      Broker.Outputs outputs = broker.read(topics, 800, PATIENCE);

      assertThat(outputs.countsByKey()).hasSize(800).values().allMatch(count -> count == 1);
      Set<String> seen = new HashSet<>();
      for (String key : outputs.countsByKey().keySet()) {
        ConsumerRecord<byte[], byte[]> record = outputs.of(key).get(0);
        if (record.topic().equals(topics.deadLetter())) {
          continue; // judged by nobody
        }
        Verdict verdict = events.moderated(record.topic(), record.value()).getVerdict();
        String judgedWith = verdict.getScores().get(0).getDetector();
        assertThat(verdict.getCalibrationId()).isEqualTo(judgedWith);
        assertThat(Harness.texts(record.headers()))
            .containsEntry(HeaderNames.CALIBRATION, judgedWith)
            .containsEntry(HeaderNames.MODEL, FakeInspector.MODEL);
        seen.add(judgedWith);
      }
      assertThat(seen).hasSizeGreaterThan(1).isSubsetOf(inForce);
    }
  }

  @Test
  void answersProbesForAsLongAsItLives() throws Exception {
    service.stop();
    PrometheusMeterRegistry meters = new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
    try (RunningGuard guard = GuardApp.configure(config().build()).start(meters);
        OperationsServer http =
            OperationsServer.start("127.0.0.1", 0, guard.pages(meters::scrape))) {
      Probe probe = new Probe(http.port());
      assertThat(probe.status("/livez")).isEqualTo(200);
      assertThat(probe.status("/readyz")).isEqualTo(503);

      service.restart();
      guard.awaitRunning(PATIENCE);
      submit(8, "first");
      broker.read(topics, 8, PATIENCE);

      assertThat(probe.body("/livez")).isEqualTo("RUNNING\n");
      assertThat(probe.status("/readyz")).isEqualTo(200);
      assertThat(probe.body("/metrics"))
          .contains(
              "headgate_guard_routed_total{route=\"clean\"} 2.0",
              "headgate_guard_dead_letters_total{code=\"IMAGE_NOT_AN_IMAGE\"} 2.0",
              "headgate_client_circuit_state 0.0",
              "headgate_guard_registry_outage 0.0",
              "kafka_");
      assertThat(probe.body("/topology"))
          .contains(
              "model " + FakeInspector.MODEL,
              topics.submitted(),
              "Processor: guard",
              topics.clean());
      assertThat(probe.status("/secret")).isEqualTo(404);
      assertThat(probe.status("POST", "/livez")).isEqualTo(405);

      service.stop();
      submit(4, "second");
      probe.await("/readyz", 503);
      assertThat(probe.body("/readyz")).contains("the model service has been away", "HOLD");
      assertThat(probe.status("/livez")).isEqualTo(200); // a restart would not help
      assertThat(probe.body("/metrics")).contains("headgate_client_outage_seconds");

      service.restart();
      probe.await("/readyz", 200);
      guard.close();
      assertThat(probe.status("/livez")).isEqualTo(503);
      assertThat(guard.phase()).isEqualTo(RunningGuard.Phase.CLOSED);
    }
  }

  @Test
  void leavesNothingHalfDoneWhenItIsClosedWhileTheServiceIsAway() throws Exception {
    Map<String, String> expected = new HashMap<>();
    try (RunningGuard guard = start(config().build())) {
      guard.awaitRunning(PATIENCE);
      service.stop();
      expected.putAll(submit(100, "e"));
      assertThat(broker.read(topics, 1, Duration.ofSeconds(1)).size()).isZero();
      guard.close();
    }
    service.restart();

    try (RunningGuard guard = start(config().build())) {
      guard.awaitRunning(PATIENCE);
      Broker.Outputs outputs = broker.read(topics, 100, PATIENCE);

      assertThat(outputs.countsByKey()).hasSize(100).values().allMatch(count -> count == 1);
      assertThat(outputs.topicByKey()).isEqualTo(expected);
    }
  }

  @Test
  void keepsTheSeatOfAStaticMemberAndNamesAllItUsesAfterTheApplication() throws Exception {
    String group = topics.submitted();
    // the second guard has to wait until the seat of the first is given up
    Map<String, String> kafka =
        Map.of("session.timeout.ms", "8000", "heartbeat.interval.ms", "1000");
    try (Admin admin = broker.admin()) {
      Set<String> before = admin.listTopics().names().get();
      try (RunningGuard guard =
          start(config().kafka(kafka).instanceId(Optional.of("guard-0")).build())) {
        guard.awaitRunning(PATIENCE);
        submit(8, "e");
        broker.read(topics, 8, PATIENCE);

        assertThat(members(admin, group)).isNotEmpty().allMatch(id -> id.startsWith("guard-0"));
        assertThat(admin.listTransactions().all().get())
            .extracting(TransactionListing::transactionalId)
            .anyMatch(id -> id.startsWith(group + "-"));
        assertThat(admin.listTopics().names().get()).isEqualTo(before); // no changelogs, no state
      }
      assertThat(members(admin, group)).isNotEmpty();

      try (RunningGuard guard = start(config().kafka(kafka).instanceId(Optional.empty()).build())) {
        guard.awaitRunning(PATIENCE);
        assertThat(members(admin, group)).contains("");
      }
      assertThat(members(admin, group)).doesNotContain("");
    }
  }

  /** Instance ids of a group's members, empty for dynamic ones. */
  private static List<String> members(Admin admin, String group) throws Exception {
    return admin.describeConsumerGroups(List.of(group)).all().get().get(group).members().stream()
        .map(member -> member.groupInstanceId().orElse(""))
        .toList();
  }

  /** Asks a guard's HTTP port. */
  private record Probe(int port) {
    int status(String path) throws Exception {
      return status("GET", path);
    }

    int status(String method, String path) throws Exception {
      return send(method, path).statusCode();
    }

    String body(String path) throws Exception {
      return send("GET", path).body();
    }

    void await(String path, int status) throws Exception {
      long end = System.nanoTime() + PATIENCE.toNanos();
      while (status(path) != status && System.nanoTime() < end) {
        Thread.sleep(50);
      }
      assertThat(status(path)).isEqualTo(status);
    }

    private HttpResponse<String> send(String method, String path) throws Exception {
      return HttpClient.newHttpClient()
          .send(
              HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + port + path))
                  .method(method, BodyPublishers.noBody())
                  .build(),
              BodyHandlers.ofString());
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
