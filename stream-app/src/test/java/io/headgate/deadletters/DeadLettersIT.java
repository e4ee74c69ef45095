package io.headgate.deadletters;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.headgate.client.FakeInspector;
import io.headgate.console.Console;
import io.headgate.stream.Broker;
import io.headgate.stream.GuardApp;
import io.headgate.stream.GuardConfig;
import io.headgate.stream.HeaderNames;
import io.headgate.stream.RunningGuard;
import io.headgate.stream.TestEvents;
import io.headgate.stream.Topics;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.header.Header;
import org.apache.kafka.common.header.internals.RecordHeaders;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** {@code headgate dead-letters} on what a guard has refused. */
class DeadLettersIT {
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final byte[] NO_EVENT = {1, 2, 3};

  @TempDir static Path folder;
  private static Broker broker;

  @TempDir Path files;
  private FakeInspector service;
  private TestEvents events;
  private Topics topics;
  private RunningGuard guard;

  @BeforeAll
  static void startBroker() throws Exception {
    broker = new Broker(folder);
  }

  @AfterAll
  static void stopBroker() {
    broker.close();
  }

  @BeforeEach
  void startGuard(TestInfo test) throws Exception {
    String name = test.getTestMethod().orElseThrow().getName();
    service = new FakeInspector();
    events = new TestEvents(name);
    topics = broker.topics(name, 2);
    GuardConfig config =
        GuardConfig.builder(broker.bootstrap(), events.registry(), service.address())
            .applicationId(name)
            .topics(topics)
            .build();
    guard = GuardApp.configure(config).start(new SimpleMeterRegistry());
    guard.awaitRunning(PATIENCE);
  }

  @AfterEach
  void stopGuard() {
    guard.close();
    service.close();
    events.close();
  }

  @Test
  void listsByCodeTimeAndPartition() throws Exception {
    refuse(0, "garbage", NO_EVENT);
    refuse(1, "text", events.bytes(TestEvents.inline("text", "no image".getBytes(UTF_8))));
    refuse(1, "empty", events.bytes(TestEvents.inline("empty", new byte[0])));
    Instant later = Instant.now().plusSeconds(3600);

    assertThat(keys(list())).containsExactlyInAnyOrder("garbage", "text", "empty");
    assertThat(keys(list("--code", "IMAGE_EMPTY,UNDECODABLE_RECORD")))
        .containsExactlyInAnyOrder("garbage", "empty");
    assertThat(keys(list("--since", "1h"))).hasSize(3);
    assertThat(keys(list("--until", "1h"))).isEmpty();
    assertThat(keys(list("--since", later.toString()))).isEmpty();
    assertThat(keys(list("--until", later.toString(), "--code", "IMAGE_NOT_AN_IMAGE")))
        .containsExactly("text");
    List<JsonNode> all = list();
    for (int partition = 0; partition < 2; partition++) {
      String prefix = partition + ":";
      assertThat(keys(list("--partition", Integer.toString(partition))))
          .hasSize(
              (int)
                  all.stream().filter(l -> l.get("position").asText().startsWith(prefix)).count());
    }
    assertThat(run("list").out()).contains("3 dead letters", "IMAGE_EMPTY", "UNDECODABLE_RECORD");
  }

  @Test
  void showsOneWithItsEventAndGivesItsBytesBack() throws Exception {
    byte[] image = "no image".getBytes(UTF_8);
    byte[] value = events.bytes(TestEvents.inline("text", image));
    refuse(0, "text", value);
    String position = list().get(0).get("position").asText();
    Path out = files.resolve("value");
    Path file = files.resolve("image");

    Run shown =
        run(
            "show",
            position,
            "--registry",
            events.registry(),
            "--out",
            out.toString(),
            "--image",
            file.toString());

    assertThat(shown.exit()).isZero();
    assertThat(shown.out())
        .contains("IMAGE_NOT_AN_IMAGE", "id text", "__streams.errors.exception", "trace = t-1");
    assertThat(Files.readAllBytes(out)).isEqualTo(value);
    assertThat(Files.readAllBytes(file)).isEqualTo(image);
    assertThat(run("show", "0:999", "--registry", events.registry()).exit()).isEqualTo(1);
    for (String nowhere : List.of("somewhere", "0:-1", "0:99999999999999999999", "0")) {
      Run wrong = run("show", nowhere, "--registry", events.registry());
      assertThat(wrong.exit()).isEqualTo(2);
      assertThat(wrong.err()).contains("'" + nowhere + "' (expected: PARTITION:OFFSET");
    }
  }

  @Test
  void countsWithoutReplayingInADryRun() throws Exception {
    refuse(0, "garbage", NO_EVENT);

    Run run = run("replay", "--dry-run");

    assertThat(run.exit()).isZero();
    assertThat(run.out()).contains("1 dead letters to replay").doesNotContain("replayed");
    assertThat(broker.read(topics, 2, Duration.ofSeconds(2)).size()).isEqualTo(1);
    assertThat(run("replay", "--max-attempts", "0").exit()).isEqualTo(2);
    assertThat(run("list", "--limit", "-1").exit()).isEqualTo(2);
    assertThat(run("list", "--since", "yesterday").exit()).isEqualTo(2);
  }

  @Test
  void replaysNothingToATopicThatIsNotThere() throws Exception {
    refuse(0, "garbage", NO_EVENT);

    Run run = run("replay", "--to", "no-such-topic");

    assertThat(run.exit()).isEqualTo(1);
    assertThat(run.err()).contains("topic no-such-topic: not there", "nothing was replayed");
  }

  @Test
  void replaysWhatWasRepairedAndCountsAttempts() throws Exception {
    RecordHeaders headers = headers();
    headers.add(HeaderNames.ROUTE, "mine".getBytes(UTF_8)); // somebody else's, to be kept
    refuse(0, "garbage", NO_EVENT, headers);

    assertThat(run("replay").out()).contains("1 replayed");
    List<ConsumerRecord<byte[], byte[]>> twice = broker.read(topics, 2, PATIENCE).of("garbage");

    assertThat(twice).hasSize(2);
    assertThat(twice.get(1).value()).isEqualTo(NO_EVENT);
    assertThat(original(twice.get(1)))
        .containsExactlyElementsOf(withAttempt(original(twice.get(0)), 1));
    assertThat(list().get(1).get("attempts").asInt()).isEqualTo(1);

    // both are sent again, and that is the last time for the second
    assertThat(run("replay", "--max-attempts", "2").out()).contains("2 replayed");
    broker.read(topics, 4, PATIENCE);
    assertThat(run("replay", "--max-attempts", "1", "--dry-run").out())
        .contains("1 dead letters to replay", "3 left out: replayed 1 times already");
  }

  /** Submits what will be refused, and waits until it is. */
  private void refuse(int partition, String key, byte[] value) throws Exception {
    refuse(partition, key, value, headers());
  }

  private void refuse(int partition, String key, byte[] value, RecordHeaders headers)
      throws Exception {
    int before = broker.read(topics, 0, PATIENCE).size();
    broker.sendAll(
        List.of(
            new ProducerRecord<>(
                topics.submitted(), partition, key.getBytes(UTF_8), value, headers)));
    broker.read(topics, before + 1, PATIENCE);
  }

  private static RecordHeaders headers() {
    RecordHeaders headers = new RecordHeaders();
    headers.add("trace", "t-1".getBytes(UTF_8));
    headers.add("trace", new byte[] {0, -1});
    return headers;
  }

  /** The headers before the first that the guard added. */
  private static List<String> original(ConsumerRecord<byte[], byte[]> record) {
    List<String> texts = new ArrayList<>();
    for (Header header : record.headers()) {
      if (header.key().equals(HeaderNames.ERROR_CODE)) {
        break;
      }
      texts.add(header.key() + "=" + Arrays.toString(header.value()));
    }
    return texts;
  }

  private static List<String> withAttempt(List<String> headers, int attempt) {
    List<String> all = new ArrayList<>(headers);
    all.add(DeadLetter.ATTEMPTS + "=" + Arrays.toString(Integer.toString(attempt).getBytes(UTF_8)));
    return all;
  }

  private List<JsonNode> list(String... options) throws Exception {
    List<String> args = new ArrayList<>(List.of("--json"));
    args.addAll(List.of(options));
    List<JsonNode> letters = new ArrayList<>();
    for (String line : run("list", args.toArray(String[]::new)).out().split("\n")) {
      if (!line.isBlank()) {
        letters.add(new ObjectMapper().readTree(line));
      }
    }
    return letters;
  }

  private static List<String> keys(List<JsonNode> letters) {
    return letters.stream().map(letter -> letter.get("key").asText()).toList();
  }

  private record Run(int exit, String out, String err) {}

  private Run run(String command, String... options) {
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    List<String> args =
        new ArrayList<>(
            List.of(command, "--bootstrap", broker.bootstrap(), "--topic", topics.deadLetter()));
    args.addAll(List.of(options));
    int exit =
        Console.configure(new CommandLine(new DeadLettersCommand()))
            .setOut(new PrintWriter(out, true))
            .setErr(new PrintWriter(err, true))
            .execute(args.toArray(String[]::new));
    return new Run(exit, out.toString(), err.toString());
  }
}
