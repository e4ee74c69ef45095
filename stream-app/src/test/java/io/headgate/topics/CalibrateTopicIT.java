package io.headgate.topics;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.headgate.broker.EmbeddedBroker;
import io.headgate.broker.TopicSetup;
import io.headgate.calibration.Calibration;
import io.headgate.calibration.CalibrationCodec;
import io.headgate.command.calibrate.CalibrateCommand;
import io.headgate.console.Console;
import io.headgate.serde.HeadgateSerdes;
import io.headgate.v1.ImageReference;
import io.headgate.v1.ImageSubmitted;
import io.headgate.v1.InlineImage;
import io.headgate.v1.ModeratedImage;
import io.headgate.v1.Sha256;
import io.headgate.v1.Verdict;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.clients.producer.KafkaProducer;
import org.apache.kafka.clients.producer.ProducerRecord;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.ByteArrayDeserializer;
import org.apache.kafka.common.serialization.ByteArraySerializer;
import org.apache.kafka.common.serialization.StringSerializer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** {@code headgate calibrate --topic … --publish} against a broker, as a user types it. */
class CalibrateTopicIT {
  private static final Path REFERENCE = Path.of("../reference");
  private static final String REGISTRY = "mock://calibrate-topic";
  private static final String SUBMITTED = "submitted";
  private static final String CLEAN = "clean";
  private static final String CALIBRATIONS = "headgate.calibrations.v1";
  private static final int OLD = 20;
  private static final int IMAGES = 160;

  @TempDir private static Path shared;
  private static EmbeddedBroker broker;

  @TempDir private Path folder;
  private String out;
  private String err;

  @BeforeAll
  static void fillTopics() throws Exception {
    broker = EmbeddedBroker.start(shared.resolve("broker"));
    try (Admin admin = Admin.create(Map.of("bootstrap.servers", broker.bootstrap()))) {
      TopicSetup.createAndAwait(
          admin,
          List.of(
              // images of 2020 are past any retention
              new NewTopic(SUBMITTED, 3, (short) 1).configs(Map.of("retention.ms", "-1")),
              new NewTopic(CLEAN, 1, (short) 1).configs(Map.of("retention.ms", "-1")),
              new NewTopic("deleted", 1, (short) 1),
              new NewTopic(CALIBRATIONS, 1, (short) 1)
                  .configs(Map.of("cleanup.policy", "compact", "max.message.bytes", "33554432"))),
          Duration.ofSeconds(60));
    }
    HeadgateSerdes serdes = HeadgateSerdes.of(REGISTRY);
    List<Path> files;
    try (Stream<Path> list = Files.list(REFERENCE.resolve("images/clean-validation"))) {
      files = list.sorted().limit(OLD + IMAGES).toList();
    }
    try (KafkaProducer<String, byte[]> producer =
        new KafkaProducer<>(
            Map.of("bootstrap.servers", broker.bootstrap()),
            new StringSerializer(),
            new ByteArraySerializer())) {
      List<ProducerRecord<String, byte[]>> records = new ArrayList<>();
      for (int i = 0; i < files.size(); i++) {
        ImageSubmitted event =
            event(
                files.get(i).getFileName().toString(),
                new InlineImage(ByteBuffer.wrap(Files.readAllBytes(files.get(i))), "image/png"));
        long time =
            (i < OLD ? Instant.parse("2020-01-01T00:00:00Z") : Instant.now()).toEpochMilli();
        records.add(
            new ProducerRecord<>(
                SUBMITTED,
                i % 3,
                time,
                event.getId(),
                serdes.imageSubmitted().serializer().serialize(SUBMITTED, event)));
        records.add(
            new ProducerRecord<>(
                CLEAN,
                0,
                time,
                event.getId(),
                serdes
                    .moderatedImage()
                    .serializer()
                    .serialize(
                        CLEAN,
                        ModeratedImage.newBuilder()
                            .setSubmitted(event)
                            .setVerdict(
                                Verdict.newBuilder().setRoute(io.headgate.v1.Route.CLEAN).build())
                            .build())));
      }
      records.add(new ProducerRecord<>(SUBMITTED, 0, "tombstone", null));
      records.add(
          new ProducerRecord<>(
              SUBMITTED, 0, "garbage", "no event".getBytes(StandardCharsets.UTF_8)));
      records.add(
          new ProducerRecord<>(
              SUBMITTED,
              1,
              "reference",
              serdes
                  .imageSubmitted()
                  .serializer()
                  .serialize(
                      SUBMITTED,
                      event(
                          "reference",
                          new ImageReference(
                              "https://images.example/1.png", new Sha256(new byte[32]), 100L)))));
      records.add(
          new ProducerRecord<>(
              SUBMITTED,
              2,
              "broken",
              serdes
                  .imageSubmitted()
                  .serializer()
                  .serialize(
                      SUBMITTED,
                      event(
                          "broken", new InlineImage(ByteBuffer.wrap(new byte[] {1, 2, 3}), "")))));
      for (ProducerRecord<String, byte[]> record : records) {
        producer.send(record);
      }
      producer.flush();
    }
  }

  private static ImageSubmitted event(String id, Object content) {
    return ImageSubmitted.newBuilder()
        .setId(id)
        .setSubmittedAt(Instant.EPOCH)
        .setSource("test")
        .setContent(content)
        .setAttributes(Map.of())
        .build();
  }

  @AfterAll
  static void stop() {
    broker.close();
    HeadgateSerdes.dropMock("calibrate-topic");
  }

  private int run(String... args) {
    List<String> all = new ArrayList<>(List.of(args));
    all.addAll(
        List.of(
            "--model",
            REFERENCE.resolve("models/badnet8").toString(),
            "--bootstrap",
            broker.bootstrap(),
            "--registry",
            REGISTRY));
    StringWriter o = new StringWriter();
    StringWriter e = new StringWriter();
    CommandLine command = Console.configure(new CommandLine(new CalibrateCommand()));
    command.setOut(new PrintWriter(o)).setErr(new PrintWriter(e));
    int code = command.execute(all.toArray(String[]::new));
    out = o.toString();
    err = e.toString();
    return code;
  }

  private int calibrate(String topic, String... more) {
    List<String> args =
        new ArrayList<>(
            List.of(
                "--topic",
                topic,
                "--out",
                folder.resolve("c.json").toString(),
                "--json",
                "--target-false-quarantine",
                "0.05",
                "--confidence",
                "0.8"));
    args.addAll(List.of(more));
    return run(args.toArray(String[]::new));
  }

  private JsonNode json() throws IOException {
    return new ObjectMapper().readTree(out);
  }

  @Test
  void calibratesOnARangeOfSubmittedImagesAndPublishes() throws IOException {
    assertThat(calibrate(SUBMITTED, "--from", "2023-01-01T00:00:00Z", "--publish"))
        .as(err)
        .isZero();

    assertThat(json().path("images").asInt()).isEqualTo(IMAGES);
    assertThat(json().path("skipped").asInt()).isEqualTo(3);
    Calibration written = Calibration.load(folder.resolve("c.json"));
    assertThat(written.content().images().skipped())
        .anyMatch(s -> s.startsWith("garbage (partition 0 offset "))
        .anyMatch(s -> s.startsWith("reference (partition 1") && s.contains("by reference"))
        .anyMatch(s -> s.startsWith("broken: "));
    ConsumerRecord<byte[], byte[]> published = published();
    assertThat(new String(published.key(), StandardCharsets.UTF_8))
        .isEqualTo(written.modelFingerprint());
    assertThat(CalibrationCodec.fromBytes(published.value())).isEqualTo(written);
  }

  private static ConsumerRecord<byte[], byte[]> published() {
    try (KafkaConsumer<byte[], byte[]> consumer =
        new KafkaConsumer<>(
            Map.of("bootstrap.servers", broker.bootstrap()),
            new ByteArrayDeserializer(),
            new ByteArrayDeserializer())) {
      TopicPartition partition = new TopicPartition(CALIBRATIONS, 0);
      consumer.assign(List.of(partition));
      consumer.seekToBeginning(List.of(partition));
      for (int i = 0; i < 60; i++) {
        for (ConsumerRecord<byte[], byte[]> record : consumer.poll(Duration.ofSeconds(1))) {
          return record;
        }
      }
    }
    throw new AssertionError("nothing was published within a minute");
  }

  @Test
  void calibratesOnJudgedImagesAndLeavesOutExcludedIds() throws IOException {
    Path excluded = Files.writeString(folder.resolve("exclude"), "0000-fish.png\n");

    assertThat(calibrate(CLEAN, "--exclude", excluded.toString())).as(err).isZero();

    assertThat(json().path("images").asInt()).isEqualTo(OLD + IMAGES - 1);
  }

  @Test
  void verifiesOnJudgedImagesThatItWasNotCalibratedOn() throws IOException {
    assertThat(calibrate(CLEAN, "--from", "2023-01-01T00:00:00Z")).as(err).isZero();
    assertThat(json().path("images").asInt()).isEqualTo(IMAGES);

    assertThat(
            run(
                "verify",
                "--calibration",
                folder.resolve("c.json").toString(),
                "--topic",
                CLEAN,
                "--json"))
        .as(err + out)
        .isZero();
    assertThat(json().path("images").asInt()).isEqualTo(OLD);
    assertThat(json().path("calibratedOn").asInt()).isEqualTo(IMAGES);
  }

  @Test
  void saysWhatIsWrongWithTheTopic() {
    assertThat(calibrate("no-such-topic")).isEqualTo(1);
    assertThat(err).contains("topic no-such-topic: no such topic");
    assertThat(calibrate("deleted")).isEqualTo(1);
    assertThat(err).contains("topic deleted: no images in the range");
    assertThat(calibrate(SUBMITTED, "--to", "2020-06-01")).isEqualTo(1);
    assertThat(err).contains("offered: " + OLD, "needs at least");
    assertThat(calibrate(SUBMITTED, "--publish", "--calibrations-topic", CLEAN)).isEqualTo(1);
    assertThat(err).contains("cleanup.policy delete (expected: compact");
    assertThat(calibrate(SUBMITTED, "--publish", "--calibrations-topic", "none")).isEqualTo(1);
    assertThat(err).contains("headgate topics create");
  }
}
