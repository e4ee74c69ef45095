package io.headgate.registry;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.headgate.broker.RegistryProcess;
import io.headgate.console.UserException;
import io.headgate.serde.HeadgateSerdes;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.apache.avro.Schema;
import org.apache.avro.SchemaBuilder;
import org.apache.avro.SchemaBuilder.FieldAssembler;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** {@code headgate schemas} against a registry server that is not our own. */
class SchemasIT {
  @TempDir static Path folder;
  private static RegistryProcess registry;

  @BeforeAll
  static void startRegistry() throws Exception {
    registry = RegistryProcess.prepare(RegistryProcess.find(null), folder);
    registry.process().start();
    registry.awaitReady(Duration.ofSeconds(60));
  }

  @AfterAll
  static void stopRegistry() {
    registry.close();
  }

  @Test
  void commandsSayWhatIsMissingRegisterItAndThenFindItInOrder() throws Exception {
    Run before = run("check");
    Run preview = run("register", "--dry-run");
    Run register = run("register");
    Run after = run("check");

    assertThat(before.exit()).isEqualTo(1);
    assertThat(before.states())
        .hasSize(4)
        .allSatisfy(
            state -> {
              assertThat(state.get("id").isNull()).isTrue();
              assertThat(state.get("compatibility").asText()).isEqualTo("NONE");
              assertThat(state.get("problems")).hasSize(2);
            });
    assertThat(preview.exit()).isZero();
    assertThat(preview.out()).isEqualTo(before.out());
    assertThat(register.exit()).isZero();
    assertThat(after.exit()).isZero();
    assertThat(after.out()).isEqualTo(register.out());
    assertThat(after.states())
        .extracting(state -> state.get("subject").asText())
        .containsExactly(
            "headgate.images.submitted.v1-value",
            "headgate.images.clean.v1-value",
            "headgate.images.repaired.v1-value",
            "headgate.images.quarantined.v1-value");
    assertThat(after.states())
        .allSatisfy(
            state -> {
              assertThat(state.get("compatibility").asText()).isEqualTo("BACKWARD_TRANSITIVE");
              assertThat(state.get("version").asInt()).isEqualTo(1);
              assertThat(state.get("problems")).isEmpty();
            });
  }

  @Test
  void registersAVersionThatReadsAllEarlierOnes() {
    register("grows-value", event().endRecord());

    SubjectState second = register("grows-value", event().optionalString("camera").endRecord());
    SubjectState again = register("grows-value", event().optionalString("camera").endRecord());
    SubjectState older = check("grows-value", event().endRecord());

    assertThat(second.ok()).isTrue();
    assertThat(second.version()).isEqualTo(2);
    assertThat(again).isEqualTo(second);
    assertThat(older.ok()).isTrue(); // an older Headgate still finds its own version
    assertThat(older.version()).isEqualTo(1);
  }

  @Test
  void refusesAVersionThatCannotReadTheLatest() {
    register("breaks-value", event().endRecord());

    SubjectState state = register("breaks-value", event().requiredString("camera").endRecord());

    assertThat(state.ok()).isFalse();
    assertThat(state.id()).isNull();
    assertThat(state.problems())
        .singleElement()
        .asString()
        .contains("version 1:", "camera", "incompatible");
  }

  @Test
  void refusesAVersionThatReadsTheLatestButNotTheFirst() {
    register("transitive-value", event().endRecord());
    register("transitive-value", event().optionalInt("camera").endRecord());

    // reads the second, whose field is always there
    Schema third =
        event()
            .name("camera")
            .type()
            .unionOf()
            .nullType()
            .and()
            .intType()
            .endUnion()
            .noDefault()
            .endRecord();
    SubjectState state = register("transitive-value", third);

    assertThat(state.ok()).isFalse();
    assertThat(state.id()).isNull();
    assertThat(state.problems()).singleElement().asString().contains("version 1:", "camera");
  }

  @Test
  void saysWhereNoRegistryIsAndHowToGoOn() {
    assertThatThrownBy(
            () -> {
              try (SchemaSubjects subjects =
                  new SchemaSubjects(
                      Map.of(HeadgateSerdes.REGISTRY_URL, "http://127.0.0.1:1"),
                      named("a-value", event().endRecord()))) {
                subjects.check();
              }
            })
        .isInstanceOf(UserException.class)
        .hasMessageContaining("http://127.0.0.1:1")
        .hasMessageContaining("--registry");
  }

  private static FieldAssembler<Schema> event() {
    return SchemaBuilder.record("Event").namespace("test").fields().requiredString("id");
  }

  private static LinkedHashMap<String, Schema> named(String subject, Schema schema) {
    return new LinkedHashMap<>(Map.of(subject, schema));
  }

  private static SubjectState register(String subject, Schema schema) {
    try (SchemaSubjects subjects = subjects(subject, schema)) {
      return subjects.register().get(0);
    }
  }

  private static SubjectState check(String subject, Schema schema) {
    try (SchemaSubjects subjects = subjects(subject, schema)) {
      return subjects.check().get(0);
    }
  }

  private static SchemaSubjects subjects(String subject, Schema schema) {
    return new SchemaSubjects(
        Map.of(HeadgateSerdes.REGISTRY_URL, registry.url()), named(subject, schema));
  }

  private record Run(int exit, String out) {
    List<JsonNode> states() throws Exception {
      return List.of(new ObjectMapper().readValue(out, JsonNode[].class));
    }
  }

  private static Run run(String command, String... options) {
    StringWriter out = new StringWriter();
    CommandLine line = new CommandLine(new SchemasCommand()).setOut(new PrintWriter(out, true));
    String[] args = new String[4 + options.length];
    System.arraycopy(new String[] {command, "--json", "--registry", registry.url()}, 0, args, 0, 4);
    System.arraycopy(options, 0, args, 4, options.length);
    return new Run(line.execute(args), out.toString());
  }
}
