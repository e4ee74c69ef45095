package io.headgate.shipping;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.google.gson.JsonParser;
import io.kubernetes.client.openapi.models.V1ConfigMap;
import io.kubernetes.client.openapi.models.V1CronJob;
import io.kubernetes.client.openapi.models.V1Deployment;
import io.kubernetes.client.openapi.models.V1Job;
import io.kubernetes.client.openapi.models.V1Namespace;
import io.kubernetes.client.openapi.models.V1NetworkPolicy;
import io.kubernetes.client.openapi.models.V1PodDisruptionBudget;
import io.kubernetes.client.openapi.models.V1Service;
import io.kubernetes.client.openapi.models.V1ServiceAccount;
import io.kubernetes.client.openapi.models.V1StatefulSet;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Manifests are checked against the Kubernetes API's own model: a misspelt field fails. */
class ManifestsTest {
  private interface Check {
    void accept(com.google.gson.JsonElement json) throws Exception;
  }

  private static final Map<String, Check> CORE =
      Map.of(
          "v1/Namespace", V1Namespace::validateJsonElement,
          "v1/ConfigMap", V1ConfigMap::validateJsonElement,
          "v1/Service", V1Service::validateJsonElement,
          "v1/ServiceAccount", V1ServiceAccount::validateJsonElement,
          "apps/v1/Deployment", V1Deployment::validateJsonElement,
          "apps/v1/StatefulSet", V1StatefulSet::validateJsonElement,
          "batch/v1/Job", V1Job::validateJsonElement,
          "batch/v1/CronJob", V1CronJob::validateJsonElement,
          "networking.k8s.io/v1/NetworkPolicy", V1NetworkPolicy::validateJsonElement,
          "policy/v1/PodDisruptionBudget", V1PodDisruptionBudget::validateJsonElement);

  /** Fields of the custom resources used, from their published definitions. */
  private static final Map<String, Set<String>> CUSTOM =
      Map.of(
          "keda.sh/v1alpha1/ScaledObject",
          Set.of(
              "scaleTargetRef",
              "pollingInterval",
              "cooldownPeriod",
              "initialCooldownPeriod",
              "idleReplicaCount",
              "minReplicaCount",
              "maxReplicaCount",
              "fallback",
              "advanced",
              "triggers"),
          "monitoring.coreos.com/v1/PodMonitor",
          Set.of("selector", "podMetricsEndpoints", "namespaceSelector", "jobLabel"),
          "monitoring.coreos.com/v1/PrometheusRule",
          Set.of("groups"));

  /**
   * Fields by which the API server tells apart what it serves; every kind of the CRDs' triggers.
   */
  private static final Set<String> KAFKA_TRIGGER =
      Set.of(
          "bootstrapServers",
          "bootstrapServersFromEnv",
          "consumerGroup",
          "topic",
          "lagThreshold",
          "activationLagThreshold",
          "offsetResetPolicy",
          "allowIdleConsumers",
          "scaleToZeroOnInvalidOffset",
          "excludePersistentLag",
          "limitToPartitionsWithLag",
          "version",
          "partitionLimitation",
          "tls",
          "sasl");

  private static final Set<String> PROMETHEUS_TRIGGER =
      Set.of("serverAddress", "query", "threshold", "activationThreshold", "namespace");

  static Stream<JsonNode> plainManifests() {
    return Repository.files("k8s", ".yaml").stream()
        .filter(f -> !f.getFileName().toString().equals("kustomization.yaml"))
        .filter(f -> !f.toString().contains("overlays"))
        .flatMap(f -> Repository.documents(Repository.read(f.toString())).stream());
  }

  @ParameterizedTest
  @MethodSource("plainManifests")
  void everyManifestFitsTheApi(JsonNode manifest) {
    check(manifest);
  }

  @Test
  void aMisspeltFieldFails() {
    ObjectNode deployment =
        (ObjectNode)
            plainManifests()
                .filter(m -> m.path("kind").asText().equals("Deployment"))
                .findFirst()
                .orElseThrow();
    ((ObjectNode) deployment.at("/spec/template/spec/containers/0"))
        .putObject("readinesProbe")
        .put("periodSeconds", 1);

    assertThatThrownBy(() -> check(deployment)).hasMessageContaining("readinesProbe");
  }

  @ParameterizedTest
  @ValueSource(strings = {"cpu", "gpu", "dev"})
  void everyOverlayRendersToManifestsThatFitTheApi(String overlay) throws Exception {
    List<JsonNode> rendered = kustomize().build("k8s/overlays/" + overlay);

    rendered.forEach(ManifestsTest::check);
    assertThat(rendered)
        .extracting(m -> m.path("kind").asText())
        .contains("Deployment", "StatefulSet", "CronJob", "Job", "NetworkPolicy");
    for (JsonNode manifest : rendered) {
      assertThat(manifest.path("metadata").path("name").asText()).isNotBlank();
      if (!manifest.path("kind").asText().equals("Namespace")) {
        assertThat(manifest.path("metadata").path("namespace").asText())
            .as(manifest.path("metadata").path("name").asText())
            .isEqualTo("headgate");
      }
    }
  }

  @Test
  void theGpuOverlayAsksForOneGpuWhereverTheModelRuns() throws Exception {
    List<JsonNode> rendered = kustomize().build("k8s/overlays/gpu");

    List<JsonNode> model =
        rendered.stream()
            .flatMap(m -> pods(m).stream())
            .flatMap(pod -> containers(pod).stream())
            .filter(c -> c.path("image").asText().startsWith("headgate/model-service"))
            .toList();
    assertThat(model)
        .hasSize(2)
        .allSatisfy(
            c -> {
              assertThat(c.at("/resources/limits/nvidia.com~1gpu").asText()).isEqualTo("1");
              assertThat(c.path("image").asText()).endsWith("-gpu");
              assertThat(c.path("args").toString()).contains("\"--device\",\"gpu\"");
            });
  }

  @Test
  void everyPodRunsUnprivilegedWithAReadOnlyRootAndBoundedResources() {
    List<JsonNode> pods = plainManifests().flatMap(m -> pods(m).stream()).toList();

    assertThat(pods).hasSize(4);
    for (JsonNode pod : pods) {
      assertThat(pod.path("automountServiceAccountToken").asBoolean(true)).isFalse();
      assertThat(pod.path("enableServiceLinks").asBoolean(true)).isFalse();
      assertThat(pod.at("/securityContext/runAsNonRoot").asBoolean()).isTrue();
      assertThat(pod.at("/securityContext/seccompProfile/type").asText())
          .isEqualTo("RuntimeDefault");
      assertThat(containers(pod)).isNotEmpty();
      for (JsonNode container : containers(pod)) {
        JsonNode security = container.path("securityContext");
        assertThat(security.path("allowPrivilegeEscalation").asBoolean(true)).isFalse();
        assertThat(security.path("readOnlyRootFilesystem").asBoolean()).isTrue();
        assertThat(security.at("/capabilities/drop/0").asText()).isEqualTo("ALL");
        assertThat(container.at("/resources/limits/memory").isMissingNode()).isFalse();
        assertThat(container.at("/resources/requests/cpu").isMissingNode()).isFalse();
      }
    }
  }

  @Test
  void everyVolumeMountHasItsVolumeAndEveryConfigMapItsGenerator() {
    Set<String> generated = new HashSet<>();
    Repository.document("k8s/base/kustomization.yaml")
        .path("configMapGenerator")
        .forEach(g -> generated.add(g.path("name").asText()));
    plainManifests()
        .flatMap(m -> pods(m).stream())
        .forEach(
            pod -> {
              Set<String> volumes = new HashSet<>();
              pod.path("volumes")
                  .forEach(
                      v -> {
                        volumes.add(v.path("name").asText());
                        if (v.has("configMap")) {
                          assertThat(generated).contains(v.at("/configMap/name").asText());
                        }
                      });
              for (JsonNode container : containers(pod)) {
                container
                    .path("volumeMounts")
                    .forEach(mount -> assertThat(volumes).contains(mount.path("name").asText()));
              }
            });
  }

  @Test
  void scalersNameFieldsThatTheirDefinitionsHave() {
    List<JsonNode> scalers =
        plainManifests().filter(m -> m.path("kind").asText().equals("ScaledObject")).toList();

    assertThat(scalers).hasSize(2);
    for (JsonNode scaler : scalers) {
      for (JsonNode trigger : scaler.at("/spec/triggers")) {
        Set<String> known =
            switch (trigger.path("type").asText()) {
              case "kafka" -> KAFKA_TRIGGER;
              case "prometheus" -> PROMETHEUS_TRIGGER;
              default -> Set.of();
            };
        assertThat(known).containsAll(names(trigger.path("metadata")));
      }
    }
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

  static Kustomize kustomize() {
    var found = Kustomize.find();
    if (Kustomize.Tools.required()) {
      assertThat(found).as("kustomize on the PATH").isPresent();
    }
    Assumptions.assumeTrue(found.isPresent(), "no kustomize on the PATH");
    return found.orElseThrow();
  }

  private static void check(JsonNode manifest) {
    String kind = manifest.path("apiVersion").asText() + "/" + manifest.path("kind").asText();
    if (CUSTOM.containsKey(kind)) {
      assertThat(CUSTOM.get(kind)).as(kind).containsAll(names(manifest.path("spec")));
      return;
    }
    Map<String, Check> known = new HashMap<>(CORE);
    assertThat(known).as("kinds that the check knows").containsKey(kind);
    assertThatCode(() -> known.get(kind).accept(JsonParser.parseString(manifest.toString())))
        .as(kind + " " + manifest.at("/metadata/name").asText())
        .doesNotThrowAnyException();
  }

  private static List<String> names(JsonNode object) {
    List<String> names = new ArrayList<>();
    object.fieldNames().forEachRemaining(names::add);
    return names;
  }
}
