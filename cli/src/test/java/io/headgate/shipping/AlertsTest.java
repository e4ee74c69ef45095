package io.headgate.shipping;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;

/** Alert rules are well formed and each says what to do. */
class AlertsTest {
  @Test
  void everyAlertHasASectionInTheRunbook() {
    String runbook = Repository.read("docs/runbook.md");
    for (JsonNode rule : rules()) {
      String alert = rule.path("alert").asText();
      assertThat(runbook).contains("\n## " + alert + "\n");
      assertThat(rule.at("/annotations/runbook_url").asText())
          .isEqualTo("docs/runbook.md#" + alert.toLowerCase(Locale.ROOT));
      assertThat(rule.at("/labels/severity").asText()).isIn("warning", "critical");
      assertThat(rule.at("/annotations/summary").asText()).isNotBlank();
    }
  }

  @Test
  void promtoolAcceptsTheRules() throws Exception {
    var promtool = Kustomize.Tools.find("promtool", "HEADGATE_PROMTOOL");
    if (Kustomize.Tools.required()) {
      assertThat(promtool).as("promtool on the PATH").isPresent();
    }
    Assumptions.assumeTrue(promtool.isPresent(), "no promtool on the PATH");

    Process process =
        new ProcessBuilder(
                promtool.orElseThrow().toString(),
                "check",
                "rules",
                Repository.ROOT.resolve("docker/monitoring/prometheus/rules.yaml").toString())
            .redirectErrorStream(true)
            .start();
    String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);

    assertThat(process.waitFor()).as(output).isZero();
    assertThat(output).contains("SUCCESS: %d rules found".formatted(rules().size()));
  }

  static List<JsonNode> rules() {
    List<JsonNode> rules = new ArrayList<>();
    Repository.document("docker/monitoring/prometheus/rules.yaml")
        .path("groups")
        .forEach(group -> group.path("rules").forEach(rules::add));
    assertThat(rules).isNotEmpty();
    return rules;
  }
}
