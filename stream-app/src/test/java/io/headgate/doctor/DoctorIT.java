package io.headgate.doctor;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.headgate.broker.EmbeddedBroker;
import io.headgate.broker.RegistryProcess;
import io.headgate.client.FakeInspector;
import io.headgate.console.Console;
import io.headgate.registry.SchemasCommand;
import io.headgate.serde.HeadgateSerdes;
import io.headgate.stream.GuardApp;
import io.headgate.stream.RunningGuard;
import io.headgate.stream.TestEvents;
import io.headgate.stream.Topics;
import io.headgate.stream.command.GuardOptions;
import io.headgate.topics.TopicsCommand;
import io.headgate.v1.ImageSubmitted;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.acl.AccessControlEntry;
import org.apache.kafka.common.acl.AclBinding;
import org.apache.kafka.common.acl.AclOperation;
import org.apache.kafka.common.acl.AclPermissionType;
import org.apache.kafka.common.resource.PatternType;
import org.apache.kafka.common.resource.ResourcePattern;
import org.apache.kafka.common.resource.ResourceType;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.Serde;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/**
 * {@code headgate doctor}, and the guard itself, against brokers that ask for a password and grant
 * what they were told to.
 */
class DoctorIT {
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final Topics TOPICS = Topics.defaults();

  @TempDir static Path folder;
  private static EmbeddedBroker broker;
  private static RegistryProcess registry;
  private static FakeInspector service;

  @BeforeAll
  static void startAll() throws Exception {
    service = new FakeInspector();
    registry =
        RegistryProcess.prepare(
            RegistryProcess.find(null), Files.createDirectory(folder.resolve("registry")));
    registry.process().start();
    broker =
        EmbeddedBroker.start(
            Files.createDirectory(folder.resolve("broker")),
            Map.of(
                "listener.security.protocol.map", "PLAINTEXT:SASL_PLAINTEXT,CONTROLLER:PLAINTEXT",
                "sasl.enabled.mechanisms", "PLAIN",
                "sasl.mechanism.inter.broker.protocol", "PLAIN",
                "listener.name.plaintext.plain.sasl.jaas.config",
                    login("admin", "admin-secret")
                        .replace(
                            ";",
                            " user_admin=\"admin-secret\" user_guard=\"guard-secret\" user_poor=\"poor-secret\";"),
                "authorizer.class.name", "org.apache.kafka.metadata.authorizer.StandardAuthorizer",
                "super.users", "User:admin;User:ANONYMOUS"));
    registry.awaitReady(PATIENCE);
    grant();
  }

  @AfterAll
  static void stopAll() {
    broker.close();
    registry.close();
    service.close();
  }

  @Test
  void findsNothingWrongAndThenTheGuardWorksWithTheSameOptions() throws Exception {
    prepare();

    Run run = doctor(client("guard", "guard-secret"), "--json");

    JsonNode report = new ObjectMapper().readTree(run.out());
    assertThat(run.exit()).as(run.out()).isZero();
    assertThat(report.get("ok").asBoolean()).isTrue();
    Set<String> checks = new TreeSet<>();
    report.get("findings").forEach(f -> checks.add(f.get("check").asText()));
    assertThat(checks)
        .containsExactlyInAnyOrder(
            "timing budget",
            "brokers",
            "topics",
            "permissions",
            "registry",
            "service",
            "calibration",
            "claims");
    assertThat(report.get("findings")).noneMatch(f -> f.get("state").asText().equals("problem"));

    GuardOptions options = new GuardOptions();
    new CommandLine(new Holder(options)).parseArgs(arguments(client("guard", "guard-secret")));
    try (RunningGuard guard =
        GuardApp.configure(options.config()).start(new SimpleMeterRegistry())) {
      guard.awaitRunning(PATIENCE);
      submit("a");
      assertThat(awaitOne(TOPICS.clean())).isEqualTo("a");

      assertThat(doctor(client("guard", "guard-secret")).exit()).isZero(); // beside a guard at work
    }
  }

  @Test
  void namesEveryPermissionThatIsMissing() throws Exception {
    prepare();

    Run run = doctor(client("poor", "poor-secret"));

    assertThat(run.exit()).isEqualTo(1);
    assertThat(run.out())
        .contains("PROBLEM  permissions")
        .contains("topic headgate.images.submitted.v1: this principal may not read it")
        .contains("topic headgate.images.clean.v1: this principal may not write it")
        .contains("grant READ on the group")
        .contains("grant WRITE and DESCRIBE on transactional ids with the prefix headgate-guard");
  }

  @Test
  void tellsAWrongPasswordFromABrokerThatIsAway() throws Exception {
    Run run = doctor(client("guard", "wrong"));

    assertThat(run.exit()).isEqualTo(1);
    assertThat(run.out()).contains("PROBLEM  brokers").contains("Authentication failed");
    assertThat(run.out()).contains("SKIPPED  topics").doesNotContain("wrong");
  }

  @Test
  void namesAllThatIsWrongInOneRun() throws Exception {
    Run run =
        run(
            new DoctorCommand(),
            "--bootstrap",
            broker.bootstrap(),
            "--kafka-config",
            client("admin", "admin-secret").toString(),
            "--registry",
            "http://127.0.0.1:1",
            "--service",
            "127.0.0.1:1",
            "--deadline",
            "1s",
            "--transaction-timeout",
            "5s",
            "--topic-clean",
            "not.there",
            "--claim-folder",
            "/nowhere/images");

    assertThat(run.exit()).isEqualTo(1);
    assertThat(run.out())
        .contains("PROBLEM  timing budget", "transaction.timeout.ms is 5 s")
        .contains("PROBLEM  topics", "not.there: does not exist", "headgate topics create")
        .contains("PROBLEM  registry", "http://127.0.0.1:1")
        .contains("PROBLEM  service", "127.0.0.1:1")
        .contains("SKIPPED  calibration")
        .contains("PROBLEM  claims", "/nowhere/images");
  }

  @Test
  void findsAServiceWithoutCalibration() throws Exception {
    prepare();
    service.calibration("");
    try {
      Run run = doctor(client("guard", "guard-secret"));

      assertThat(run.exit()).isEqualTo(1);
      assertThat(run.out()).contains("PROBLEM  calibration", "headgate calibrate");
    } finally {
      service.calibration(FakeInspector.CALIBRATION);
    }
  }

  /** Topics and schemas, by the commands that the doctor would send one to. */
  private static void prepare() throws Exception {
    Run topics =
        run(
            new TopicsCommand(),
            "create",
            "--partitions",
            "2",
            "--bootstrap",
            broker.bootstrap(),
            "--kafka-config",
            client("admin", "admin-secret").toString());
    Run schemas = run(new SchemasCommand(), "register", "--registry", registry.url());
    assertThat(topics.exit()).as(topics.out()).isZero();
    assertThat(schemas.exit()).as(schemas.out()).isZero();
  }

  private static void grant() throws Exception {
    List<AclBinding> bindings = new ArrayList<>();
    bindings.add(allow(ResourceType.TOPIC, TOPICS.submitted(), "guard", AclOperation.READ));
    for (String output : TOPICS.outputs()) {
      bindings.add(allow(ResourceType.TOPIC, output, "guard", AclOperation.WRITE));
    }
    List<String> all = new ArrayList<>(TOPICS.outputs());
    all.add(TOPICS.submitted());
    for (String topic : all) {
      bindings.add(allow(ResourceType.TOPIC, topic, "guard", AclOperation.DESCRIBE_CONFIGS));
      bindings.add(allow(ResourceType.TOPIC, topic, "poor", AclOperation.DESCRIBE));
    }
    bindings.add(allow(ResourceType.GROUP, "headgate-guard", "guard", AclOperation.READ));
    bindings.add(
        new AclBinding(
            new ResourcePattern(
                ResourceType.TRANSACTIONAL_ID, "headgate-guard", PatternType.PREFIXED),
            new AccessControlEntry(
                "User:guard", "*", AclOperation.WRITE, AclPermissionType.ALLOW)));
    try (Admin admin = Admin.create(properties("admin", "admin-secret"))) {
      admin.createAcls(bindings).all().get();
    }
  }

  private static AclBinding allow(
      ResourceType type, String name, String user, AclOperation operation) {
    return new AclBinding(
        new ResourcePattern(type, name, PatternType.LITERAL),
        new AccessControlEntry("User:" + user, "*", operation, AclPermissionType.ALLOW));
  }

  private static void submit(String id) throws Exception {
    ImageSubmitted event = TestEvents.inline(id, TestEvents.png(TestEvents.CLEAN));
    try (KafkaProducer<byte[], byte[]> producer =
            new KafkaProducer<>(
                properties("admin", "admin-secret"),
                new ByteArraySerializer(),
                new ByteArraySerializer());
        Serde<ImageSubmitted> serde = HeadgateSerdes.of(registry.url()).imageSubmitted()) {
      producer
          .send(
              new ProducerRecord<>(
                  TOPICS.submitted(),
                  id.getBytes(UTF_8),
                  serde.serializer().serialize(TOPICS.submitted(), event)))
          .get();
    }
  }

  /** Key of the first record of a topic. */
  private static String awaitOne(String topic) {
    try (KafkaConsumer<byte[], byte[]> consumer =
        new KafkaConsumer<>(
            properties("admin", "admin-secret"),
            new ByteArrayDeserializer(),
            new ByteArrayDeserializer())) {
      List<TopicPartition> partitions =
          consumer.partitionsFor(topic).stream()
              .map(p -> new TopicPartition(topic, p.partition()))
              .toList();
      consumer.assign(partitions);
      consumer.seekToBeginning(partitions);
      long end = System.nanoTime() + PATIENCE.toNanos();
      while (System.nanoTime() < end) {
        for (var record : consumer.poll(Duration.ofMillis(200))) {
          return new String(record.key(), UTF_8);
        }
      }
      return "nothing came";
    }
  }

  private static String login(String user, String password) {
    return "org.apache.kafka.common.security.plain.PlainLoginModule required username=\"%s\" password=\"%s\";"
        .formatted(user, password);
  }

  private static Map<String, Object> properties(String user, String password) {
    return new HashMap<>(
        Map.of(
            "bootstrap.servers", broker.bootstrap(),
            "isolation.level", "read_committed",
            "security.protocol", "SASL_PLAINTEXT",
            "sasl.mechanism", "PLAIN",
            "sasl.jaas.config", login(user, password)));
  }

  /** A file for {@code --kafka-config}. */
  private static Path client(String user, String password) throws Exception {
    return Files.writeString(
        folder.resolve(user + ".properties"),
        "security.protocol=SASL_PLAINTEXT\nsasl.mechanism=PLAIN\nsasl.jaas.config="
            + login(user, password));
  }

  private static Run doctor(Path client, String... options) {
    List<String> args = new ArrayList<>(List.of(arguments(client)));
    args.addAll(List.of(options));
    return run(new DoctorCommand(), args.toArray(String[]::new));
  }

  private static String[] arguments(Path client) {
    return new String[] {
      "--bootstrap",
      broker.bootstrap(),
      "--kafka-config",
      client.toString(),
      "--registry",
      registry.url(),
      "--service",
      service.address()
    };
  }

  @Command
  private static final class Holder {
    @Mixin private final GuardOptions options;

    Holder(GuardOptions options) {
      this.options = options;
    }
  }

  private record Run(int exit, String out) {}

  private static Run run(Object command, String... args) {
    StringWriter out = new StringWriter();
    int exit =
        Console.configure(new CommandLine(command))
            .setOut(new PrintWriter(out, true))
            .setErr(new PrintWriter(out, true))
            .execute(args);
    return new Run(exit, out.toString());
  }
}
