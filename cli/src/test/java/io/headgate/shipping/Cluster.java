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
import java.util.List;
import java.util.Map;

/**
 * Runs pods of a rendered overlay in a {@link Sandbox} as a kubelet would: init containers one
 * after the other, variables and volumes from config maps, secrets and claims, probes as written.
 */
final class Cluster {
  private final List<JsonNode> manifests;
  private final Sandbox sandbox;
  private final Distribution images;
  private final Path folder;
  private final Map<String, Map<String, String>> secrets;
  private final Map<String, Path> claims;
  private final Map<String, Map<String, String>> configMaps = new HashMap<>();

  Cluster(
      List<JsonNode> manifests,
      Sandbox sandbox,
      Distribution images,
      Path folder,
      Map<String, Map<String, String>> secrets,
      Map<String, Path> claims) {
    this.manifests = manifests;
    this.sandbox = sandbox;
    this.images = images;
    this.folder = folder;
    this.secrets = secrets;
    this.claims = claims;
    for (JsonNode manifest : manifests) {
      if (manifest.path("kind").asText().equals("ConfigMap")) {
        configMaps.put(manifest.at("/metadata/name").asText(), texts(manifest.path("data")));
      }
    }
  }

  /** What an operator changes in a config map whose name starts so. */
  void change(String configMap, String key, String value) {
    configMaps.forEach(
        (name, data) -> {
          if (name.startsWith(configMap)) {
            assertThat(data).containsKey(key);
            data.put(key, value);
          }
        });
  }

  /** A running container with the pod it belongs to. */
  record Running(String pod, JsonNode podSpec, JsonNode spec, Container container) {}

  /** Runs a job's pod to its end; every container must succeed. Their output, by container. */
  Map<String, String> runToEnd(JsonNode podSpec, String pod) {
    Map<String, String> logs = new HashMap<>();
    for (JsonNode container : ManifestsTest.containers(podSpec)) {
      String name = container.path("name").asText();
      Container running = sandbox.start(spec(podSpec, container, pod, pod + "-" + name));
      assertThat(running.awaitExit(Compose.PATIENCE))
          .as(() -> pod + " " + name + ":\n" + running.log())
          .isZero();
      logs.put(name, running.log());
    }
    return logs;
  }

  /** Starts a server's pod, whose name is its host. */
  Running start(String kind, String name, String pod) {
    JsonNode podSpec =
        ManifestsTest.pods(ManifestsTest.named(manifests, kind, name)).stream()
            .findFirst()
            .orElseThrow();
    JsonNode container = podSpec.path("containers").get(0);
    return new Running(pod, podSpec, container, sandbox.start(spec(podSpec, container, pod, pod)));
  }

  void awaitProbe(Running running, String probe) {
    JsonNode settings = running.spec().path(probe);
    Duration limit =
        Duration.ofSeconds(
            settings.path("periodSeconds").asLong() * settings.path("failureThreshold").asLong());
    sandbox.await(
        running.container(),
        limit.compareTo(Compose.PATIENCE) > 0 ? limit : Compose.PATIENCE,
        () -> passes(running, probe));
  }

  boolean passes(Running running, String probe) {
    JsonNode get = running.spec().path(probe).path("httpGet");
    assertThat(get.isObject()).as("%s of %s", probe, running.pod()).isTrue();
    return sandbox
        .get(running.pod(), port(running, get.path("port").asText()), get.path("path").asText())
        .isPresent();
  }

  /** As the kubelet ends a pod: pre-stop hook, SIGTERM, and only so much time. */
  int stop(Running running) {
    long started = System.nanoTime();
    JsonNode hook = running.spec().at("/lifecycle/preStop/exec/command");
    if (hook.isArray()) {
      List<String> command = new ArrayList<>();
      hook.forEach(c -> command.add(c.asText()));
      assertThat(running.container().exec(command).exitCode()).as("pre-stop hook").isZero();
    }
    Duration grace =
        Duration.ofSeconds(running.podSpec().path("terminationGracePeriodSeconds").asLong());
    running.container().terminate();
    return running.container().awaitExit(grace.minusNanos(System.nanoTime() - started));
  }

  static long memoryLimit(JsonNode container) {
    String limit = container.at("/resources/limits/memory").asText();
    assertThat(limit).matches("\\d+[GM]i");
    return Long.parseLong(limit.replaceAll("\\D", "")) << (limit.endsWith("Gi") ? 30 : 20);
  }

  private int port(Running running, String name) {
    for (JsonNode port : running.spec().path("ports")) {
      if (port.path("name").asText().equals(name)) {
        return port.path("containerPort").asInt();
      }
    }
    throw new AssertionError(running.pod() + " has no port " + name);
  }

  private ContainerSpec spec(JsonNode podSpec, JsonNode container, String pod, String host) {
    Map<String, String> environment = environment(container, pod);
    List<String> arguments = new ArrayList<>();
    for (JsonNode argument : container.path("args")) {
      String text = argument.asText();
      for (Map.Entry<String, String> variable : environment.entrySet()) {
        text = text.replace("$(" + variable.getKey() + ")", variable.getValue());
      }
      arguments.add(text);
    }
    String image = container.path("image").asText();
    List<Mount> mounts = new ArrayList<>();
    for (JsonNode mount : container.path("volumeMounts")) {
      Path source = volume(podSpec, mount.path("name").asText(), pod);
      String target = mount.path("mountPath").asText();
      mounts.add(
          mount.path("readOnly").asBoolean()
              ? Mount.readOnly(source, target)
              : Mount.writable(source, target));
    }
    ContainerSpec spec =
        images.container(
            image.substring(image.indexOf('/') + 1, image.indexOf(':')), host, arguments);
    return spec.withoutTemporary()
        .withMounts(mounts)
        .with(environment)
        .withMemory(Long.toString(memoryLimit(container)));
  }

  private Map<String, String> environment(JsonNode container, String pod) {
    Map<String, String> all = new HashMap<>();
    for (JsonNode variable : container.path("env")) {
      JsonNode from = variable.path("valueFrom");
      String value =
          from.has("secretKeyRef")
              ? entry(secrets, from.path("secretKeyRef"))
              : from.has("configMapKeyRef")
                  ? entry(configMaps, from.path("configMapKeyRef"))
                  : from.at("/fieldRef/fieldPath").asText().equals("metadata.name")
                      ? pod
                      : variable.path("value").asText();
      all.put(variable.path("name").asText(), value);
    }
    return all;
  }

  private static String entry(Map<String, Map<String, String>> all, JsonNode reference) {
    String name = reference.path("name").asText();
    assertThat(all).containsKey(name);
    assertThat(all.get(name)).containsKey(reference.path("key").asText());
    return all.get(name).get(reference.path("key").asText());
  }

  private Path volume(JsonNode podSpec, String name, String pod) {
    for (JsonNode volume : podSpec.path("volumes")) {
      if (!volume.path("name").asText().equals(name)) {
        continue;
      }
      if (volume.has("persistentVolumeClaim")) {
        return claims.get(volume.at("/persistentVolumeClaim/claimName").asText());
      }
      Path made = folder.resolve("pods").resolve(pod).resolve(name);
      if (!Files.exists(made)) {
        Map<String, String> files =
            volume.has("secret")
                ? secrets.get(volume.at("/secret/secretName").asText())
                : volume.has("configMap")
                    ? configMaps.get(volume.at("/configMap/name").asText())
                    : Map.of();
        fill(made, files);
        String group = podSpec.at("/securityContext/fsGroup").asText();
        Tools.run("chown", "root:" + group, made.toString()).expectSuccess("chown " + made);
        Tools.run("chmod", "2775", made.toString()).expectSuccess("chmod " + made);
      }
      return made;
    }
    throw new AssertionError(pod + " has no volume " + name);
  }

  private static void fill(Path made, Map<String, String> files) {
    try {
      Files.createDirectories(made);
      for (Map.Entry<String, String> file : files.entrySet()) {
        Files.writeString(made.resolve(file.getKey()), file.getValue());
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Map<String, String> texts(JsonNode object) {
    Map<String, String> all = new HashMap<>();
    object.fields().forEachRemaining(e -> all.put(e.getKey(), e.getValue().asText()));
    return all;
  }
}
