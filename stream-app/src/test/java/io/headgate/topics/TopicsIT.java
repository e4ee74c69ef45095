package io.headgate.topics;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.headgate.broker.EmbeddedBroker;
import io.headgate.console.Console;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.clients.admin.Config;
import org.apache.kafka.common.config.ConfigResource;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

class TopicsIT {
  private static final String CLEAN = "headgate.images.clean.v1";

  @TempDir Path folder;

  @Test
  void createsComparesAndAlters() throws Exception {
    try (EmbeddedBroker broker = EmbeddedBroker.start(folder);
        Admin admin = Admin.create(Map.of("bootstrap.servers", broker.bootstrap()))) {
      String at = broker.bootstrap();

      assertThat(run(at, "check").exit()).isEqualTo(1);
      Run preview = run(at, "create", "--dry-run");
      assertThat(preview.exit()).isZero();
      assertThat(preview.out())
          .contains("6 of 6 topics would be created", "retention.ms=604800000");
      assertThat(admin.listTopics().names().get()).isEmpty();

      assertThat(run(at, "create", "--partitions", "3", "--retention", "36h").exit()).isZero();
      assertThat(admin.listTopics().names().get()).hasSize(6).contains(CLEAN);
      assertThat(config(admin, CLEAN, "retention.ms")).isEqualTo("129600000");
      assertThat(config(admin, CLEAN, "message.timestamp.type")).isEqualTo("LogAppendTime");
      assertThat(config(admin, "headgate.images.quarantined.v1", "retention.ms"))
          .isEqualTo("2592000000");
      assertThat(config(admin, "headgate.calibrations.v1", "cleanup.policy")).isEqualTo("compact");

      assertThat(run(at, "check", "--partitions", "4").out())
          .contains("partitions: 3 (expected: 4)");
      Run differing = run(at, "check", "--json"); // the source's own number of partitions
      assertThat(differing.exit()).isEqualTo(1);
      JsonNode clean = named(differing, CLEAN);
      assertThat(clean.get("problems").get(0).asText())
          .contains("retention.ms: 129600000 (expected: 604800000)", "--alter");

      assertThat(run(at, "create").exit()).isEqualTo(1); // left alone
      assertThat(config(admin, CLEAN, "retention.ms")).isEqualTo("129600000");
      assertThat(run(at, "create", "--partitions", "3", "--alter").exit()).isZero();
      assertThat(config(admin, CLEAN, "retention.ms")).isEqualTo("604800000");
      assertThat(run(at, "check").exit()).isZero();
    }
  }

  @Test
  void takesOtherNames() throws Exception {
    try (EmbeddedBroker broker = EmbeddedBroker.start(folder);
        Admin admin = Admin.create(Map.of("bootstrap.servers", broker.bootstrap()))) {
      Run run =
          run(
              broker.bootstrap(),
              "create",
              "--partitions",
              "1",
              "--topic-submitted",
              "shop.images");

      assertThat(run.exit()).isZero();
      assertThat(admin.listTopics().names().get())
          .contains("shop.images", CLEAN)
          .doesNotContain("headgate.images.submitted.v1");
    }
  }

  private static String config(Admin admin, String topic, String name) throws Exception {
    ConfigResource resource = new ConfigResource(ConfigResource.Type.TOPIC, topic);
    Config config = admin.describeConfigs(List.of(resource)).all().get().get(resource);
    return config.get(name).value();
  }

  private static JsonNode named(Run run, String topic) throws Exception {
    for (JsonNode state : new ObjectMapper().readTree(run.out())) {
      if (state.get("topic").asText().equals(topic)) {
        return state;
      }
    }
    throw new AssertionError(topic + " is not in " + run.out());
  }

  private record Run(int exit, String out) {}

  private static Run run(String bootstrap, String command, String... options) {
    StringWriter out = new StringWriter();
    List<String> args = new ArrayList<>(List.of(command, "--bootstrap", bootstrap));
    args.addAll(List.of(options));
    int exit =
        Console.configure(new CommandLine(new TopicsCommand()))
            .setOut(new PrintWriter(out, true))
            .execute(args.toArray(String[]::new));
    return new Run(exit, out.toString());
  }
}
