package io.headgate.submit;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.headgate.broker.EmbeddedBroker;
import io.headgate.broker.TopicSetup;
import io.headgate.console.Console;
import io.headgate.serde.HeadgateSerdes;
import io.headgate.v1.ImageSubmitted;
import io.headgate.v1.InlineImage;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.NewTopic;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.clients.consumer.KafkaConsumer;
import org.apache.kafka.common.TopicPartition;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.StringDeserializer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInfo;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

class SubmitIT {
  private static final String REGISTRY = "mock://submit";
  private static final int LARGEST = 10_000;

  @TempDir static Path work;
  private static EmbeddedBroker broker;

  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();
  @TempDir private Path folder;
  private String topic;

  @BeforeAll
  static void startBroker() throws Exception {
    broker = EmbeddedBroker.start(work);
  }

  @AfterAll
  static void stopBroker() {
    broker.close();
    HeadgateSerdes.dropMock("submit");
  }

  @BeforeEach
  void topic(TestInfo test) throws Exception {
    topic = test.getTestMethod().orElseThrow().getName();
    try (Admin admin = Admin.create(Map.of("bootstrap.servers", broker.bootstrap()))) {
      TopicSetup.createAndAwait(
          admin,
          List.of(
              new NewTopic(topic, 1, (short) 1)
                  .configs(Map.of("max.message.bytes", Integer.toString(LARGEST)))),
          Duration.ofSeconds(30));
    }
  }

  @Test
  void everyFileBecomesOneEventUnderItsId() throws Exception {
    Files.write(folder.resolve("a.png"), new byte[] {1});
    Files.write(folder.resolve("b.jpg"), new byte[] {2, 2});

    assertThat(run("--ids", "path", folder.toString())).as(err.toString()).isEqualTo(Console.OK);

    String set = folder.getFileName() + "/";
    Map<String, ImageSubmitted> events = read();
    assertThat(events).containsOnlyKeys(set + "a.png", set + "b.jpg");
    events.forEach((key, event) -> assertThat(event.getId()).isEqualTo(key));
    assertThat(events.get(set + "b.jpg").getContent())
        .isEqualTo(new InlineImage(ByteBuffer.wrap(new byte[] {2, 2}), "image/jpeg"));
  }

  @Test
  void fileTooLargeForTheTopicIsReportedAndTheOthersAreSent() throws Exception {
    Files.write(folder.resolve("large.png"), new byte[LARGEST + 1]);
    Files.write(folder.resolve("small.png"), new byte[1]);

    assertThat(run("--json", folder.toString())).isEqualTo(Console.FAILED);

    JsonNode result = new ObjectMapper().readTree(out.toString());
    assertThat(result.get("submitted").asInt()).isEqualTo(1);
    assertThat(result.get("bytes").asInt()).isEqualTo(1);
    assertThat(result.get("failed")).hasSize(1);
    assertThat(result.get("failed").get(0).get("file").asText()).endsWith("large.png");
    assertThat(result.get("failed").get(0).get("error").asText()).contains("max.message.bytes");
    assertThat(read()).hasSize(1);
  }

  @Test
  void largeFileFitsAsAReference() throws Exception {
    Files.write(folder.resolve("large.png"), new byte[LARGEST + 1]);

    assertThat(run("--reference", folder.toString())).as(err.toString()).isEqualTo(Console.OK);

    assertThat(read()).hasSize(1);
  }

  @Test
  void missingTopicIsNamedWithItsRemedy() throws Exception {
    Files.write(folder.resolve("a.png"), new byte[] {1});

    assertThat(run("--topic", "no.such.topic", folder.toString())).isEqualTo(Console.FAILED);

    assertThat(err.toString()).contains("no.such.topic", "headgate topics create");
  }

  private Map<String, ImageSubmitted> read() {
    Map<String, ImageSubmitted> events = new TreeMap<>();
    HeadgateSerdes serdes = HeadgateSerdes.of(REGISTRY);
    try (Serde<ImageSubmitted> serde = serdes.imageSubmitted();
        KafkaConsumer<String, ImageSubmitted> consumer =
            new KafkaConsumer<>(
                Map.of("bootstrap.servers", broker.bootstrap()),
                new StringDeserializer(),
                serde.deserializer())) {
      TopicPartition partition = new TopicPartition(topic, 0);
      consumer.assign(List.of(partition));
      consumer.seekToBeginning(List.of(partition));
      long end = consumer.endOffsets(List.of(partition)).get(partition);
      while (consumer.position(partition) < end) {
        for (ConsumerRecord<String, ImageSubmitted> record :
            consumer.poll(Duration.ofMillis(100))) {
          assertThat(events.put(record.key(), record.value())).isNull();
        }
      }
    }
    return events;
  }

  private int run(String... args) {
    List<String> all =
        new ArrayList<>(List.of("--bootstrap", broker.bootstrap(), "--registry", REGISTRY));
    if (!List.of(args).contains("--topic")) {
      all.addAll(List.of("--topic", topic));
    }
    all.addAll(List.of(args));
    return Console.configure(new CommandLine(new SubmitCommand()))
        .setOut(new PrintWriter(out, true))
        .setErr(new PrintWriter(err, true))
        .execute(all.toArray(String[]::new));
  }
}
