package io.headgate.shipping;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.google.gson.JsonElement;
import com.google.gson.JsonParser;
import io.kubernetes.client.openapi.JSON;
import io.kubernetes.client.openapi.models.V1ConfigMap;
import io.kubernetes.client.openapi.models.V1CronJob;
import io.kubernetes.client.openapi.models.V1Deployment;
import io.kubernetes.client.openapi.models.V1Job;
import io.kubernetes.client.openapi.models.V1LabelSelector;
import io.kubernetes.client.openapi.models.V1Namespace;
import io.kubernetes.client.openapi.models.V1NetworkPolicy;
import io.kubernetes.client.openapi.models.V1PodDisruptionBudget;
import io.kubernetes.client.openapi.models.V1Service;
import io.kubernetes.client.openapi.models.V1ServiceAccount;
import io.kubernetes.client.openapi.models.V1StatefulSet;
import io.kubernetes.client.openapi.models.V2HorizontalPodAutoscalerBehavior;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;

/**
 * Manifests held to the Kubernetes API's own model, and custom resources to {@code
 * custom-resources.yaml}: an unknown field, a missing one and a value of another type fail.
 */
final class KubernetesModel {
  private interface Validation {
    void accept(JsonElement json) throws IOException;
  }

  private record Kind(Class<?> type, Validation validation) {}

  private static final Map<String, Kind> KINDS =
      Map.ofEntries(
          Map.entry("v1/Namespace", new Kind(V1Namespace.class, V1Namespace::validateJsonElement)),
          Map.entry("v1/ConfigMap", new Kind(V1ConfigMap.class, V1ConfigMap::validateJsonElement)),
          Map.entry("v1/Service", new Kind(V1Service.class, V1Service::validateJsonElement)),
          Map.entry(
              "v1/ServiceAccount",
              new Kind(V1ServiceAccount.class, V1ServiceAccount::validateJsonElement)),
          Map.entry(
              "apps/v1/Deployment",
              new Kind(V1Deployment.class, V1Deployment::validateJsonElement)),
          Map.entry(
              "apps/v1/StatefulSet",
              new Kind(V1StatefulSet.class, V1StatefulSet::validateJsonElement)),
          Map.entry("batch/v1/Job", new Kind(V1Job.class, V1Job::validateJsonElement)),
          Map.entry("batch/v1/CronJob", new Kind(V1CronJob.class, V1CronJob::validateJsonElement)),
          Map.entry(
              "networking.k8s.io/v1/NetworkPolicy",
              new Kind(V1NetworkPolicy.class, V1NetworkPolicy::validateJsonElement)),
          Map.entry(
              "policy/v1/PodDisruptionBudget",
              new Kind(V1PodDisruptionBudget.class, V1PodDisruptionBudget::validateJsonElement)),
          Map.entry(
              "V2HorizontalPodAutoscalerBehavior",
              new Kind(
                  V2HorizontalPodAutoscalerBehavior.class,
                  V2HorizontalPodAutoscalerBehavior::validateJsonElement)),
          Map.entry(
              "V1LabelSelector",
              new Kind(V1LabelSelector.class, V1LabelSelector::validateJsonElement)));

  private static final JsonNode CUSTOM =
      Repository.document("cli/src/test/resources/custom-resources.yaml");

  /** A suffix such as Gi is normalised on the way through the model. */
  private static final Set<String> QUANTITIES =
      Set.of("cpu", "memory", "storage", "sizeLimit", "nvidia.com/gpu", "ephemeral-storage");

  private KubernetesModel() {}

  static void check(JsonNode manifest) {
    String kind = manifest.path("apiVersion").asText() + "/" + manifest.path("kind").asText();
    String where = kind + " " + manifest.at("/metadata/name").asText();
    if (CUSTOM.has(kind)) {
      assertThat(names(manifest))
          .as(where)
          .containsExactlyInAnyOrder("apiVersion", "kind", "metadata", "spec");
      assertThat(names(manifest.path("metadata")))
          .as(where)
          .isSubsetOf("name", "namespace", "labels", "annotations");
      fits(where, manifest.path("spec"), CUSTOM.path(kind));
    } else {
      assertThat(KINDS).as("kinds that the check knows").containsKey(kind);
      fitsModel(where, manifest, kind);
    }
  }

  private static void fitsModel(String where, JsonNode value, String kind) {
    Kind known = KINDS.get(kind);
    JsonElement json = JsonParser.parseString(value.toString());
    try {
      known.validation().accept(json);
    } catch (IOException | IllegalArgumentException e) {
      throw new AssertionError(where + ": " + e.getMessage(), e);
    }
    // What the model does not hold, or holds as another type, does not come back.
    Object parsed = JSON.getGson().fromJson(json, known.type());
    sameAfter(where, json, JSON.getGson().toJsonTree(parsed));
  }

  private static void sameAfter(String where, JsonElement before, JsonElement after) {
    if (before.isJsonObject()) {
      assertThat(after != null && after.isJsonObject()).as("%s is an object", where).isTrue();
      before
          .getAsJsonObject()
          .entrySet()
          .forEach(
              e -> {
                String place = where + "." + e.getKey();
                assertThat(after.getAsJsonObject().has(e.getKey()))
                    .as("%s is a field of the model", place)
                    .isTrue();
                if (!QUANTITIES.contains(e.getKey())) {
                  sameAfter(place, e.getValue(), after.getAsJsonObject().get(e.getKey()));
                }
              });
    } else if (before.isJsonArray()) {
      assertThat(after.isJsonArray()).as("%s is a list", where).isTrue();
      for (int i = 0; i < before.getAsJsonArray().size(); i++) {
        sameAfter(
            where + "[" + i + "]", before.getAsJsonArray().get(i), after.getAsJsonArray().get(i));
      }
    } else {
      assertThat(after).as("%s has the model's type", where).isEqualTo(before);
    }
  }

  private static void fits(String where, JsonNode value, JsonNode shape) {
    if (shape.isObject()) {
      assertThat(value.isObject()).as("%s is an object", where).isTrue();
      assertThat(names(value)).as("fields of %s", where).isSubsetOf(names(shape));
      shape
          .fields()
          .forEachRemaining(
              field -> {
                String place = where + "." + field.getKey();
                boolean required = field.getValue().asText().endsWith("!");
                assertThat(value.has(field.getKey()) || !required)
                    .as("%s is required", place)
                    .isTrue();
                if (value.has(field.getKey())) {
                  fits(place, value.path(field.getKey()), field.getValue());
                }
              });
    } else if (shape.isArray()) {
      assertThat(value.isArray()).as("%s is a list", where).isTrue();
      value.forEach(item -> fits(where + "[]", item, shape.get(0)));
    } else {
      String type = shape.asText().replace("!", "");
      boolean right =
          switch (type) {
            case "string" -> value.isTextual();
            case "integer" -> value.isIntegralNumber();
            case "boolean" -> value.isBoolean();
            case "list" -> value.isArray();
            case "strings" -> value.isObject() && all(value).stream().allMatch(JsonNode::isTextual);
            default -> {
              fitsModel(where, value, type);
              yield true;
            }
          };
      assertThat(right).as("%s is of type %s: %s", where, type, value).isTrue();
    }
  }

  private static Set<String> names(JsonNode object) {
    Set<String> names = new HashSet<>();
    object.fieldNames().forEachRemaining(names::add);
    return names;
  }

  private static List<JsonNode> all(JsonNode object) {
    List<JsonNode> values = new ArrayList<>();
    object.elements().forEachRemaining(values::add);
    return values;
  }
}
