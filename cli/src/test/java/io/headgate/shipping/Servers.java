package io.headgate.shipping;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.headgate.broker.RegistryProcess;
import io.headgate.shipping.ContainerSpec.Mount;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.Collectors;

/**
 * The same broker, registry and Prometheus that other people's images hold, from Maven Central and
 * Debian.
 */
record Servers(Sandbox sandbox, Path folder) implements Compose.StandIns {
  private static final String NOBODY = "65534:65534";
  private static final Path LIBRARIES = Repository.ROOT.resolve("cli/target/lib");

  @Override
  public ContainerSpec container(String service, JsonNode definition, List<Mount> volumes) {
    return switch (service) {
      case "broker" -> broker(definition.path("environment")).withMounts(volumes);
      case "registry" -> registry("registry", 8080);
      case "prometheus" -> prometheus(definition.path("command")).withMounts(volumes);
      default -> throw new AssertionError("no stand-in for " + service);
    };
  }

  @Override
  public boolean isHealthy(String service) {
    return switch (service) {
      case "broker" -> sandbox.accepts("broker", 19092);
      case "registry" -> sandbox.get("registry", 8080, "/health/ready").isPresent();
      case "prometheus" -> sandbox.get("prometheus", 9090, "/-/ready").isPresent();
      default -> throw new AssertionError("no health check for " + service);
    };
  }

  /** Kafka, its settings from the variables of the image: KAFKA_NODE_ID is node.id. */
  ContainerSpec broker(JsonNode variables) {
    Map<String, String> settings = new TreeMap<>();
    variables
        .fields()
        .forEachRemaining(
            v -> {
              assertThat(v.getKey()).startsWith("KAFKA_");
              settings.put(
                  v.getKey()
                      .substring("KAFKA_".length())
                      .toLowerCase(Locale.ROOT)
                      .replace('_', '.'),
                  v.getValue().asText());
            });
    Path file =
        write(
            "server.properties",
            settings.entrySet().stream()
                .map(e -> e.getKey() + "=" + e.getValue() + "\n")
                .collect(Collectors.joining()));
    String java = "java -Xmx512m -cp '/opt/kafka/libs/*' ";
    return foreign(
        "broker",
        List.of(
            "bash",
            "-c",
            java
                + "kafka.tools.StorageTool format --ignore-formatted -t 5L6g3nShT-eMCtK--X86sw -c /conf/kafka.properties && exec "
                + java
                + "kafka.Kafka /conf/kafka.properties"),
        "/tmp",
        List.of(
            Mount.readOnly(LIBRARIES, "/opt/kafka/libs"),
            Mount.readOnly(file, "/conf/kafka.properties")));
  }

  ContainerSpec registry(String name, int port) {
    Path home = RegistryProcess.find(null);
    return foreign(
        name,
        List.of(
            "bash",
            "-c",
            "exec java -Xmx512m -Dquarkus.http.host=0.0.0.0 -Dquarkus.http.port=%d -jar /opt/registry/*-runner.jar"
                .formatted(port)),
        "/tmp",
        List.of(Mount.readOnly(home, "/opt/registry")));
  }

  private ContainerSpec prometheus(JsonNode arguments) {
    Path program = Tools.require("prometheus");
    List<String> command = new ArrayList<>(List.of("/opt/prometheus"));
    arguments.forEach(a -> command.add(a.asText()));
    return foreign(
        "prometheus", command, "/prometheus", List.of(Mount.readOnly(program, "/opt/prometheus")));
  }

  private ContainerSpec foreign(
      String name, List<String> command, String workdir, List<Mount> mounts) {
    List<Mount> all = new ArrayList<>(mounts);
    all.add(Mount.temporary("/tmp"));
    return new ContainerSpec(
        name,
        command,
        Map.of("PATH", Path.of(System.getProperty("java.home"), "bin") + ":/usr/bin:/bin"),
        NOBODY,
        workdir,
        all);
  }

  private Path write(String name, String text) {
    try {
      return Files.writeString(folder.resolve(name), text);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
