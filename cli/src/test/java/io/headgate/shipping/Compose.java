package io.headgate.shipping;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.headgate.shipping.ContainerSpec.Mount;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * Brings services of {@code docker/compose.yaml} up in a {@link Sandbox} as compose would: in the
 * order of {@code depends_on}, waiting for health and for one-shot services to succeed. Our images
 * are run from the Dockerfile's own entry commands; for those of others there are {@link StandIn}s.
 */
final class Compose {
  static final Duration PATIENCE = Duration.ofMinutes(4);

  private final JsonNode services = Repository.document("docker/compose.yaml").path("services");
  private final Sandbox sandbox;
  private final Distribution images;
  private final StandIns standIns;
  private final Path volumes;
  private final Map<String, Container> started = new LinkedHashMap<>();

  Compose(Sandbox sandbox, Distribution images, StandIns standIns, Path volumes) {
    this.sandbox = sandbox;
    this.images = images;
    this.standIns = standIns;
    this.volumes = volumes;
  }

  /** Programs in place of other people's images. */
  interface StandIns {
    ContainerSpec container(String service, JsonNode definition, List<Mount> volumes);

    boolean isHealthy(String service);
  }

  /**
   * Starts a service after what it depends on, and waits until it has what a dependant asks for.
   */
  Container require(String service, String condition) {
    JsonNode definition = services.path(service);
    Container container = started.get(service);
    if (container == null) {
      definition
          .path("depends_on")
          .fields()
          .forEachRemaining(d -> require(d.getKey(), d.getValue().path("condition").asText()));
      container = sandbox.start(spec(service, definition));
      started.put(service, container);
    }
    Container running = container;
    switch (condition) {
      case "service_healthy" ->
          sandbox.await(running, PATIENCE, () -> isHealthy(service, definition, running));
      case "service_completed_successfully" ->
          assertThat(running.awaitExit(PATIENCE)).as(running.log()).isZero();
      case "service_started" -> {}
      default -> throw new AssertionError(service + ": unknown condition " + condition);
    }
    return running;
  }

  Distribution images() {
    return images;
  }

  Duration stopGrace(String service) {
    return Duration.parse(
        "PT" + services.path(service).path("stop_grace_period").asText().toUpperCase(Locale.ROOT));
  }

  private ContainerSpec spec(String service, JsonNode definition) {
    List<Mount> mounts = mounts(definition);
    Optional<String> image = ourImage(definition);
    if (image.isEmpty()) {
      return standIns.container(service, definition, mounts);
    }
    assertThat(definition.path("read_only").asBoolean()).as("read_only of " + service).isTrue();
    List<String> arguments = new ArrayList<>();
    definition.path("command").forEach(a -> arguments.add(a.asText()));
    Map<String, String> environment = new HashMap<>();
    definition
        .path("environment")
        .fields()
        .forEachRemaining(e -> environment.put(e.getKey(), e.getValue().asText()));
    return images
        .container(image.get(), service, arguments)
        .withMounts(mounts)
        .with(environment)
        .withMemory(definition.path("mem_limit").asText());
  }

  /** The Dockerfile's stage of an image of ours. */
  static Optional<String> ourImage(JsonNode definition) {
    String image = definition.path("image").asText();
    return image.startsWith("headgate/")
        ? Optional.of(image.substring("headgate/".length(), image.indexOf(':')))
        : Optional.empty();
  }

  private List<Mount> mounts(JsonNode definition) {
    List<Mount> mounts = new ArrayList<>();
    for (JsonNode tmpfs : definition.path("tmpfs")) {
      mounts.add(Mount.temporary(tmpfs.asText().split(":")[0]));
    }
    for (JsonNode volume : definition.path("volumes")) {
      String[] parts = volume.asText().split(":");
      Path source =
          parts[0].startsWith(".")
              ? Repository.ROOT.resolve("docker").resolve(parts[0]).normalize()
              : named(parts[0], definition);
      assertThat(source).exists();
      mounts.add(
          parts.length == 3 ? Mount.readOnly(source, parts[1]) : Mount.writable(source, parts[1]));
    }
    return mounts;
  }

  /** A named volume takes the owner of the image's folder, in our images their user. */
  private Path named(String volume, JsonNode definition) {
    Path folder = volumes.resolve(volume);
    try {
      if (!Files.exists(folder)) {
        Files.createDirectories(folder);
        String owner =
            ourImage(definition)
                .map(image -> images.dockerfile().stage(image).user)
                .orElse("65534");
        Tools.run("chown", owner, folder.toString()).expectSuccess("chown " + folder);
      }
      return folder;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private boolean isHealthy(String service, JsonNode definition, Container container) {
    JsonNode test = definition.at("/healthcheck/test");
    assertThat(test.isMissingNode()).as("health check of " + service).isFalse();
    if (ourImage(definition).isEmpty()) {
      return standIns.isHealthy(service);
    }
    List<String> command = new ArrayList<>();
    test.forEach(t -> command.add(t.asText()));
    assertThat(command.remove(0)).isEqualTo("CMD");
    return container.exec(command).exitCode() == 0;
  }
}
