package io.headgate.shipping;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.networknt.schema.JsonSchema;
import com.networknt.schema.JsonSchemaFactory;
import com.networknt.schema.SchemaValidatorsConfig;
import com.networknt.schema.SpecVersion;
import com.networknt.schema.ValidationMessage;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/**
 * The compose file is valid, and Dockerfile and compose file agree with each other and with what is
 * there.
 */
class ComposeTest {
  private static final JsonNode COMPOSE = Repository.document("docker/compose.yaml");

  @Test
  void fitsThePublishedSchemaOfComposeFiles() {
    assertThat(schema().validate(COMPOSE)).isEmpty();
  }

  @Test
  void aMisspeltKeyDoesNotFit() {
    JsonNode wrong = COMPOSE.deepCopy();
    ((ObjectNode) wrong.at("/services/broker")).put("helthcheck", "x");

    assertThat(schema().validate(wrong))
        .extracting(ValidationMessage::getMessage)
        .anyMatch(message -> message.contains("helthcheck"));
  }

  @Test
  void ourServicesRunLockedDownFromStagesThatExist() {
    Dockerfile dockerfile = Dockerfile.read();
    Set<String> built = new TreeSet<>();
    int ours = 0;
    for (Map.Entry<String, JsonNode> service : services()) {
      JsonNode definition = service.getValue();
      var stage = Compose.ourImage(definition);
      if (stage.isPresent()) {
        ours++;
        Set<String> writable = new TreeSet<>();
        definition.path("tmpfs").forEach(t -> writable.add(t.asText().split(":")[0]));
        assertThat(writable).containsAll(dockerfile.stage(stage.get()).volumes);
        assertThat(definition.path("read_only").asBoolean()).as(service.getKey()).isTrue();
        assertThat(definition.path("cap_drop").toString()).isEqualTo("[\"ALL\"]");
        assertThat(definition.path("security_opt").toString()).contains("no-new-privileges:true");
        assertThat(definition.has("user")).as("user of %s", service.getKey()).isFalse();
        assertThat(definition.has("mem_limit")).as("memory of %s", service.getKey()).isTrue();
        if (definition.has("build")) {
          assertThat(definition.at("/build/target").asText()).isEqualTo(stage.get());
          built.add(definition.path("image").asText());
        }
      }
    }

    assertThat(ours).isEqualTo(7);
    assertThat(services())
        .filteredOn(s -> Compose.ourImage(s.getValue()).isPresent())
        .allSatisfy(s -> assertThat(built).contains(s.getValue().path("image").asText()));
  }

  @Test
  void everyFileThatIsMountedOrNamedIsThere() {
    for (Map.Entry<String, JsonNode> service : services()) {
      for (JsonNode volume : service.getValue().path("volumes")) {
        String source = volume.asText().split(":")[0];
        if (source.startsWith(".")) {
          assertThat(Repository.ROOT.resolve("docker").resolve(source)).exists();
        } else {
          assertThat(COMPOSE.path("volumes").has(source)).as("volume %s", source).isTrue();
        }
      }
      for (JsonNode argument : service.getValue().path("command")) {
        if (argument.asText().startsWith("/reference/")) {
          assertThat(Repository.ROOT.resolve(argument.asText().substring(1))).exists();
        }
      }
    }
  }

  @Test
  void portsAreOpenOnThisMachineAlone() {
    for (Map.Entry<String, JsonNode> service : services()) {
      service
          .getValue()
          .path("ports")
          .forEach(port -> assertThat(port.asText()).startsWith("127.0.0.1:"));
    }
  }

  @Test
  void prometheusScrapesThePortsThatTheServicesListenOn() {
    Set<String> scraped = new TreeSet<>();
    Repository.document("docker/monitoring/prometheus/prometheus.yaml")
        .path("scrape_configs")
        .forEach(
            job ->
                job.path("static_configs")
                    .forEach(c -> c.path("targets").forEach(t -> scraped.add(t.asText()))));

    assertThat(scraped)
        .containsExactlyInAnyOrder(
            "model-service:" + Defaults.of("serve", "http-port"),
            "stream-app-1:" + Defaults.of("guard", "http-port"),
            "stream-app-2:" + Defaults.of("guard", "http-port"));
    scraped.forEach(
        target ->
            assertThat(COMPOSE.path("services").has(target.split(":")[0])).as(target).isTrue());
  }

  @Test
  void imagesOfOthersAreVersioned() {
    List<String> images = new ArrayList<>();
    services().forEach(s -> images.add(s.getValue().path("image").asText()));
    Dockerfile.read()
        .stages()
        .forEach(
            (name, stage) -> {
              if (!Dockerfile.read().stages().containsKey(stage.base)) {
                images.add(stage.base);
              }
            });

    assertThat(images).allSatisfy(image -> assertThat(image).matches("[\\w./-]+:v?\\d+[\\w.-]+"));
  }

  @Test
  void imagesSayWhatTheyAre() {
    Dockerfile dockerfile = Dockerfile.read();
    for (String image : List.of("stream-app", "model-service", "model-service-gpu")) {
      Dockerfile.Stage stage = dockerfile.stage(image);

      assertThat(stage.labels)
          .containsKeys(
              "org.opencontainers.image.title",
              "org.opencontainers.image.description",
              "org.opencontainers.image.licenses")
          .containsEntry("org.opencontainers.image.version", version());
      assertThat(stage.user).matches("[1-9]\\d+:[1-9]\\d+");
      assertThat(stage.entrypoint)
          .startsWith("java")
          .contains("-XX:+ExitOnOutOfMemoryError", "-Djava.io.tmpdir=/tmp")
          .anyMatch(argument -> argument.startsWith("-XX:MaxRAMPercentage="));
      assertThat(stage.volumes).contains("/tmp");
      assertThat(List.copyOf(stage.copies.values()))
          .as("code is the last layer, so that a change of code leaves the others")
          .endsWith("/opt/headgate/lib");
    }
  }

  private static String version() {
    return Repository.read("pom.xml").replaceAll("(?s).*?<version>([^<]+)</version>.*", "$1");
  }

  private static List<Map.Entry<String, JsonNode>> services() {
    List<Map.Entry<String, JsonNode>> all = new ArrayList<>();
    COMPOSE.path("services").fields().forEachRemaining(all::add);
    return all;
  }

  private static JsonSchema schema() {
    JsonNode published = Repository.json(Sandbox.read(Tools.requireFile("compose-spec.json")));
    for (JsonNode named : published.findParents("id")) {
      if (named.path("id").isTextual()) {
        ((ObjectNode) named).remove("id"); // draft 4's, which the draft it declares calls $id
      }
    }
    // A project's name came into the specification after this publication of its schema.
    ((ObjectNode) published.path("properties")).putObject("name").put("type", "string");
    // Formats are left out: compose's durations (5s) are not JSON Schema's.
    return JsonSchemaFactory.getInstance(SpecVersion.VersionFlag.V201909)
        .getSchema(
            published, SchemaValidatorsConfig.builder().formatAssertionsEnabled(false).build());
  }
}
