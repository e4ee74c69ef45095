package io.headgate.shipping;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.FieldSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What {@code k8s/} holds and what kustomize makes of it. */
class ManifestsTest {
  static final List<String> OVERLAYS = Kustomize.OVERLAYS;

  /** The manifests as written, which need no kustomize to be read. */
  static Stream<JsonNode> plainManifests() {
    return Repository.files("k8s", ".yaml").stream()
        .filter(f -> !f.getFileName().toString().equals("kustomization.yaml"))
        .filter(f -> !f.toString().contains("overlays"))
        .flatMap(f -> Repository.documents(Repository.read(f.toString())).stream());
  }

  @ParameterizedTest
  @MethodSource("plainManifests")
  void everyManifestFitsTheApi(JsonNode manifest) {
    KubernetesModel.check(manifest);
  }

  @ParameterizedTest
  @FieldSource("OVERLAYS")
  void everyOverlayRendersToManifestsThatFitTheApi(String overlay) {
    List<JsonNode> rendered = Kustomize.render(overlay);

    rendered.forEach(KubernetesModel::check);
    assertThat(rendered)
        .extracting(m -> m.path("kind").asText())
        .contains("Deployment", "StatefulSet", "CronJob", "Job", "NetworkPolicy", "Service");
    assertThat(rendered)
        .filteredOn(m -> !m.path("kind").asText().equals("Namespace"))
        .allSatisfy(m -> assertThat(m.at("/metadata/namespace").asText()).isEqualTo("headgate"));
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/spec/template/spec/containers/0 readinesProbe {}",
        "/spec/template/spec/containers/0/resources limit {}",
        "/spec/template/spec/containers/0/securityContext readOnlyRootFileSystem true",
        "/spec/template/spec/containers/0/ports/0 containerPort \"7860\"",
        "/spec replica 2",
        "/metadata label {}"
      })
  void aMisspeltFieldOrAWrongTypeFails(String change) throws Exception {
    String[] parts = change.split(" ");
    JsonNode deployment = one("Deployment", "headgate-model-service").deepCopy();
    ((ObjectNode) deployment.at(parts[0])).set(parts[1], Repository.json(parts[2]));

    assertThatThrownBy(() -> KubernetesModel.check(deployment))
        .isInstanceOf(AssertionError.class)
        .hasMessageContaining(parts[1]);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "/spec maxReplica 2",
        "/spec maxReplicaCount \"2\"",
        "/spec/triggers/0/metadata lagThreshold 200",
        "/spec/advanced/horizontalPodAutoscalerConfig/behavior/scaleDown stabilisationWindowSeconds 1",
        "/spec/scaleTargetRef nam \"x\""
      })
  void aMisspeltFieldOfACustomResourceFails(String change) throws Exception {
    String[] parts = change.split(" ");
    JsonNode scaler = one("ScaledObject", "headgate-stream-app").deepCopy();
    ((ObjectNode) scaler.at(parts[0])).set(parts[1], Repository.json(parts[2]));

    assertThatThrownBy(() -> KubernetesModel.check(scaler))
        .isInstanceOf(AssertionError.class)
        .hasMessageContaining(parts[1].equals("lagThreshold") ? "metadata" : parts[1]);
  }

  @Test
  void theGpuOverlayAsksForOneGpuWhereverTheModelRuns() {
    List<JsonNode> model =
        Kustomize.render("gpu").stream()
            .flatMap(m -> pods(m).stream())
            .flatMap(pod -> containers(pod).stream())
            .filter(c -> c.path("image").asText().startsWith("headgate/model-service"))
            .filter(c -> !c.path("args").toString().contains("\"publish\""))
            .toList();

    assertThat(model)
        .hasSize(3)
        .allSatisfy(
            c -> {
              assertThat(c.at("/resources/limits/nvidia.com~1gpu").asText()).isEqualTo("1");
              assertThat(c.path("image").asText()).endsWith("-gpu");
              assertThat(c.path("args").toString()).contains("\"--device\",\"gpu\"");
              assertThat(c.path("volumeMounts").toString())
                  .contains(
                      Dockerfile.read()
                          .stage("model-service-gpu")
                          .environment
                          .get("DJL_CACHE_DIR"));
            });
  }

  @ParameterizedTest
  @FieldSource("OVERLAYS")
  void everyPodPassesTheRestrictedStandardAndHasBoundedResources(String overlay) {
    List<JsonNode> pods =
        Kustomize.render(overlay).stream().flatMap(m -> pods(m).stream()).toList();

    assertThat(pods).hasSize(4);
    for (JsonNode pod : pods) {
      assertThat(pod.path("automountServiceAccountToken").asBoolean(true)).isFalse();
      assertThat(pod.path("serviceAccountName").asText()).startsWith("headgate-");
      assertThat(pod.path("enableServiceLinks").asBoolean(true)).isFalse();
      assertThat(pod.at("/securityContext/runAsNonRoot").asBoolean()).isTrue();
      assertThat(pod.at("/securityContext/seccompProfile/type").asText())
          .isEqualTo("RuntimeDefault");
      assertThat(pod.has("hostNetwork") || pod.has("hostPID") || pod.has("hostIPC")).isFalse();
      pod.path("volumes").forEach(v -> assertThat(v.has("hostPath")).isFalse());
      assertThat(containers(pod)).isNotEmpty();
      for (JsonNode container : containers(pod)) {
        JsonNode security = container.path("securityContext");
        assertThat(security.path("allowPrivilegeEscalation").asBoolean(true)).isFalse();
        assertThat(security.path("readOnlyRootFilesystem").asBoolean()).isTrue();
        assertThat(security.at("/capabilities/drop/0").asText()).isEqualTo("ALL");
        assertThat(security.at("/capabilities/add").isMissingNode()).isTrue();
        assertThat(container.at("/resources/limits/memory").isMissingNode()).isFalse();
        assertThat(container.at("/resources/requests/memory").isMissingNode()).isFalse();
        assertThat(container.at("/resources/requests/cpu").isMissingNode()).isFalse();
        assertThat(container.path("image").asText())
            .matches("headgate/[a-z-]+:\\d+\\.\\d+\\.\\d+(-gpu)?");
      }
    }
  }

  @ParameterizedTest
  @FieldSource("OVERLAYS")
  void podsRunAsTheImagesUserWithTheImagesWritablePlacesAsVolumes(String overlay) {
    for (JsonNode pod :
        Kustomize.render(overlay).stream().flatMap(m -> pods(m).stream()).toList()) {
      for (JsonNode container : containers(pod)) {
        Dockerfile.Stage stage = stage(container);

        assertThat(
                pod.at("/securityContext/runAsUser").asText()
                    + ":"
                    + pod.at("/securityContext/runAsGroup").asText())
            .isEqualTo(stage.user);
        Set<String> mounted = new HashSet<>();
        container.path("volumeMounts").forEach(m -> mounted.add(m.path("mountPath").asText()));
        assertThat(mounted).containsAll(stage.volumes);
      }
    }
  }

  @ParameterizedTest
  @FieldSource("OVERLAYS")
  void everyNameThatAManifestRefersToExists(String overlay) {
    List<JsonNode> rendered = Kustomize.render(overlay);
    Set<String> names = new HashSet<>();
    rendered.forEach(
        m -> names.add(m.path("kind").asText() + "/" + m.at("/metadata/name").asText()));

    for (JsonNode manifest : rendered) {
      for (JsonNode pod : pods(manifest)) {
        assertThat(names).contains("ServiceAccount/" + pod.path("serviceAccountName").asText());
        Set<String> volumes = new HashSet<>();
        for (JsonNode volume : pod.path("volumes")) {
          volumes.add(volume.path("name").asText());
          if (volume.has("configMap")) {
            assertThat(names).contains("ConfigMap/" + volume.at("/configMap/name").asText());
          }
        }
        for (JsonNode container : containers(pod)) {
          container
              .path("volumeMounts")
              .forEach(mount -> assertThat(volumes).contains(mount.path("name").asText()));
          for (JsonNode variable : container.path("env")) {
            JsonNode configMap = variable.at("/valueFrom/configMapKeyRef");
            if (!configMap.isMissingNode()) {
              JsonNode data =
                  named(rendered, "ConfigMap", configMap.path("name").asText()).path("data");
              assertThat(data.has(configMap.path("key").asText())).as("%s", configMap).isTrue();
            }
          }
          Set<String> ports = new HashSet<>();
          container.path("ports").forEach(p -> ports.add(p.path("name").asText()));
          for (String probe : List.of("startupProbe", "readinessProbe", "livenessProbe")) {
            JsonNode http = container.path(probe).path("httpGet");
            if (!http.isMissingNode()) {
              assertThat(ports).contains(http.path("port").asText());
            }
          }
        }
      }
      switch (manifest.path("kind").asText()) {
        case "ScaledObject" ->
            assertThat(names)
                .contains(
                    manifest.at("/spec/scaleTargetRef/kind").asText()
                        + "/"
                        + manifest.at("/spec/scaleTargetRef/name").asText());
        case "StatefulSet" ->
            assertThat(names).contains("Service/" + manifest.at("/spec/serviceName").asText());
        default -> {}
      }
    }
  }

  @ParameterizedTest
  @FieldSource("OVERLAYS")
  void everySelectorFindsPods(String overlay) {
    List<JsonNode> rendered = Kustomize.render(overlay);
    List<JsonNode> labels =
        rendered.stream()
            .flatMap(
                m ->
                    Stream.of(
                            "/spec/template/metadata/labels",
                            "/spec/jobTemplate/spec/template/metadata/labels")
                        .map(m::at))
            .filter(JsonNode::isObject)
            .toList();
    assertThat(labels).hasSize(4);

    for (JsonNode manifest : rendered) {
      JsonNode selector =
          switch (manifest.path("kind").asText()) {
            case "Service" -> manifest.at("/spec/selector");
            case "NetworkPolicy" -> manifest.at("/spec/podSelector/matchLabels");
            case "PodDisruptionBudget", "Deployment", "StatefulSet", "PodMonitor" ->
                manifest.at("/spec/selector/matchLabels");
            default -> Repository.json("{}");
          };
      assertThat(labels)
          .as(
              "pods of %s %s",
              manifest.path("kind").asText(), manifest.at("/metadata/name").asText())
          .anySatisfy(
              pod ->
                  selector
                      .fields()
                      .forEachRemaining(
                          s -> assertThat(pod.path(s.getKey())).isEqualTo(s.getValue())));
    }
  }

  @Test
  void podsAreGivenMoreTimeToEndThanTheyTake() {
    for (String[] pod :
        new String[][] {
          {"Deployment", "headgate-model-service", "serve.properties", "model-service"},
          {"StatefulSet", "headgate-stream-app", "guard.properties", "stream-app"}
        }) {
      JsonNode spec = one(pod[0], pod[1]).at("/spec/template/spec");
      int grace = Integer.parseInt(settings(pod[2]).get("grace").replace("s", ""));
      JsonNode pause = spec.at("/containers/0/lifecycle/preStop/exec/command/1");

      assertThat(spec.path("terminationGracePeriodSeconds").asInt())
          .isGreaterThan(grace + pause.asInt(0));
      JsonNode compose = Repository.document("docker/compose.yaml").path("services");
      compose
          .fields()
          .forEachRemaining(
              s -> {
                if (s.getKey().startsWith(pod[3])) {
                  assertThat(
                          Integer.parseInt(
                              s.getValue().path("stop_grace_period").asText().replace("s", "")))
                      .as(s.getKey())
                      .isGreaterThan(grace);
                }
              });
    }
  }

  @Test
  void membersKeepTheirPodsNameAndNeverOutnumberThePartitions() {
    JsonNode guard = one("StatefulSet", "headgate-stream-app");
    JsonNode scaler = one("ScaledObject", "headgate-stream-app");
    List<String> topics = new ArrayList<>();
    one("Job", "headgate-setup")
        .at("/spec/template/spec/initContainers/0/args")
        .forEach(a -> topics.add(a.asText()));
    int partitions = Integer.parseInt(topics.get(topics.indexOf("--partitions") + 1));
    int threads = Integer.parseInt(Defaults.of("guard", "threads"));

    assertThat(guard.at("/spec/template/spec/containers/0/env").toString())
        .contains("HEADGATE_INSTANCE_ID")
        .contains("metadata.name");
    assertThat(scaler.at("/spec/maxReplicaCount").asInt() * threads).isEqualTo(partitions);
    assertThat(scaler.at("/spec/triggers/0/metadata/topic").asText())
        .isEqualTo(Defaults.of("guard", "topic-submitted"));
    assertThat(scaler.at("/spec/triggers/0/metadata/consumerGroup").asText())
        .isEqualTo(Defaults.of("guard", "application-id"));
    assertThat(scaler.at("/spec/triggers/0/metadata/bootstrapServersFromEnv").asText())
        .isIn(variables(guard.at("/spec/template/spec/containers/0")));
  }

  @Test
  void secretsAreReferencesOnlyAndTheGuideCreatesEachOfThem() {
    Map<String, Set<String>> used = new TreeMap<>();
    for (String overlay : OVERLAYS) {
      for (JsonNode manifest : Kustomize.render(overlay)) {
        assertThat(manifest.path("kind").asText()).isNotEqualTo("Secret");
        for (JsonNode pod : pods(manifest)) {
          for (JsonNode container : containers(pod)) {
            for (JsonNode variable : container.path("env")) {
              JsonNode secret = variable.at("/valueFrom/secretKeyRef");
              if (!secret.isMissingNode()) {
                used.computeIfAbsent(secret.path("name").asText(), n -> new TreeSet<>())
                    .add(secret.path("key").asText());
              }
            }
            used.putAll(filesOfSecrets(pod, container, used));
          }
        }
      }
    }
    Map<String, Set<String>> created = new TreeMap<>();
    Matcher command =
        Pattern.compile("create secret generic (\\S+)((?:[^\\n]*\\\\\\n)*[^\\n]*)")
            .matcher(Repository.read("docs/deployment.md"));
    while (command.find()) {
      Matcher key =
          Pattern.compile("--from-(?:literal|file)=([^=\\s]+)=").matcher(command.group(2));
      Set<String> keys = created.computeIfAbsent(command.group(1), n -> new TreeSet<>());
      while (key.find()) {
        keys.add(key.group(1));
      }
    }

    assertThat(used).hasSize(3);
    assertThat(created).isEqualTo(used);
  }

  /** Keys of secrets mounted as folders: the files that arguments and settings name there. */
  private static Map<String, Set<String>> filesOfSecrets(
      JsonNode pod, JsonNode container, Map<String, Set<String>> used) {
    Map<String, Set<String>> all = new TreeMap<>(used);
    String text =
        container.path("args").toString()
            + Repository.read("k8s/base/guard.properties")
            + Repository.read("k8s/base/serve.properties");
    for (JsonNode volume : pod.path("volumes")) {
      if (volume.has("secret")) {
        for (JsonNode mount : container.path("volumeMounts")) {
          if (mount.path("name").equals(volume.path("name"))) {
            Matcher file =
                Pattern.compile(Pattern.quote(mount.path("mountPath").asText()) + "/([\\w.-]+)")
                    .matcher(text);
            while (file.find()) {
              all.computeIfAbsent(volume.at("/secret/secretName").asText(), n -> new TreeSet<>())
                  .add(file.group(1));
            }
          }
        }
      }
    }
    return all;
  }

  @Test
  void networkPoliciesOpenThePortsThatThePodsListenOn() {
    Set<Integer> listened = new TreeSet<>();
    for (String kind : List.of("Deployment", "StatefulSet")) {
      plainManifests()
          .filter(m -> m.path("kind").asText().equals(kind))
          .forEach(
              m ->
                  m.at("/spec/template/spec/containers/0/ports")
                      .forEach(p -> listened.add(p.path("containerPort").asInt())));
    }
    Set<Integer> opened = new TreeSet<>();
    plainManifests()
        .filter(m -> m.path("kind").asText().equals("NetworkPolicy"))
        .forEach(
            m ->
                m.at("/spec/ingress")
                    .forEach(
                        rule ->
                            rule.path("ports").forEach(p -> opened.add(p.path("port").asInt()))));
    Set<Integer> exposed = new TreeSet<>();
    Dockerfile.read().stages().values().forEach(s -> exposed.addAll(s.ports));
    Set<Integer> ofTheCode = new TreeSet<>();
    ofTheCode.add(Integer.valueOf(Defaults.of("serve", "port")));
    ofTheCode.add(Integer.valueOf(Defaults.of("serve", "http-port")));
    ofTheCode.add(Integer.valueOf(Defaults.of("guard", "http-port")));

    assertThat(listened).isEqualTo(ofTheCode);
    assertThat(opened).isEqualTo(ofTheCode);
    assertThat(exposed).isEqualTo(ofTheCode);
  }

  @Test
  void theOperatorsJobsHaveTheNamesThatRulesKnow() {
    Set<String> ofOperator = new TreeSet<>();
    plainManifests()
        .filter(m -> m.path("kind").asText().equals("PodMonitor"))
        .forEach(
            monitor ->
                ofOperator.add(
                    monitor
                        .at("/spec/selector/matchLabels")
                        .path(monitor.at("/spec/jobLabel").asText())
                        .asText()));
    Set<String> plain = new TreeSet<>();
    Repository.document("docker/monitoring/prometheus/prometheus.yaml")
        .path("scrape_configs")
        .forEach(job -> plain.add(job.path("job_name").asText()));

    assertThat(ofOperator).isEqualTo(plain);
  }

  @Test
  void theOperatorsRulesAreThoseOfPlainPrometheus() {
    JsonNode plain = Repository.document("docker/monitoring/prometheus/rules.yaml");
    JsonNode operator =
        Repository.document("k8s/components/prometheus-operator/rules.yaml").path("spec");

    assertThat(operator).isEqualTo(plain);
  }

  /** The pod specs of a manifest. */
  static List<JsonNode> pods(JsonNode manifest) {
    return Stream.of("/spec/template/spec", "/spec/jobTemplate/spec/template/spec")
        .map(manifest::at)
        .filter(JsonNode::isObject)
        .toList();
  }

  static List<JsonNode> containers(JsonNode pod) {
    List<JsonNode> all = new ArrayList<>();
    pod.path("initContainers").forEach(all::add);
    pod.path("containers").forEach(all::add);
    return all;
  }

  /** The Dockerfile's stage of a container's image. */
  static Dockerfile.Stage stage(JsonNode container) {
    String[] image = container.path("image").asText().substring("headgate/".length()).split(":");
    return Dockerfile.read()
        .stage(image.length > 1 && image[1].endsWith("-gpu") ? image[0] + "-gpu" : image[0]);
  }

  private static JsonNode one(String kind, String name) {
    return named(plainManifests().toList(), kind, name);
  }

  static JsonNode named(List<JsonNode> manifests, String kind, String name) {
    return manifests.stream()
        .filter(m -> m.path("kind").asText().equals(kind))
        .filter(m -> m.at("/metadata/name").asText().equals(name))
        .findFirst()
        .orElseThrow(() -> new AssertionError("no " + kind + " " + name));
  }

  private static Set<String> variables(JsonNode container) {
    Set<String> names = new HashSet<>();
    container.path("env").forEach(e -> names.add(e.path("name").asText()));
    return names;
  }

  private static Map<String, String> settings(String file) {
    Map<String, String> all = new TreeMap<>();
    Repository.read("k8s/base/" + file)
        .lines()
        .filter(line -> line.contains("=") && !line.startsWith("#"))
        .forEach(line -> all.put(line.split("=")[0].strip(), line.split("=", 2)[1].strip()));
    return all;
  }
}
