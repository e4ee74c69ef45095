package io.headgate.shipping;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Overlays as kubectl's own kustomize renders them. */
final class Kustomize {
  static final List<String> OVERLAYS = List.of("cpu", "gpu", "dev");
  private static final Map<String, List<JsonNode>> RENDERED = new HashMap<>();

  private Kustomize() {}

  /** Whether rendering is possible; in CI it must be. */
  static boolean isAvailable() {
    return Tools.isAvailable("kubectl");
  }

  /** All manifests of an overlay. */
  static synchronized List<JsonNode> render(String overlay) {
    return RENDERED.computeIfAbsent(
        overlay,
        name ->
            Repository.documents(
                Tools.run(Tools.require("kubectl").toString(), "kustomize", "k8s/overlays/" + name)
                    .expectSuccess("kubectl kustomize k8s/overlays/" + name)));
  }
}
