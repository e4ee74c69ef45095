package io.headgate.shipping;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Alert rules are well formed, fire when they should, and each says what to do. */
class AlertsTest {
  private static final String RULES = "docker/monitoring/prometheus/rules.yaml";
  private static final String JOB_RULES = "k8s/components/prometheus-operator/job-rules.yaml";
  private static final String UNIT_TESTS = "cli/src/test/resources/alerts.yaml";

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
  void everySectionOfTheRunbookIsAnAlert() {
    Set<String> alerts = new TreeSet<>();
    rules().forEach(rule -> alerts.add(rule.path("alert").asText()));

    assertThat(
            Repository.read("docs/runbook.md")
                .lines()
                .filter(line -> line.startsWith("## "))
                .map(line -> line.substring(3)))
        .containsExactlyInAnyOrderElementsOf(alerts);
  }

  @Test
  void promtoolAcceptsRulesAndConfiguration(@TempDir Path etc) throws IOException {
    String promtool = Tools.require("promtool").toString();
    // The configuration names its rules where the container has them.
    String configuration = Repository.read("docker/monitoring/prometheus/prometheus.yaml");
    Path here =
        Files.writeString(
            etc.resolve("prometheus.yaml"),
            configuration.replace(
                "/etc/prometheus/", Repository.ROOT + "/docker/monitoring/prometheus/"));

    assertThat(Tools.run(promtool, "check", "rules", RULES).expectSuccess("check rules"))
        .contains("SUCCESS: %d rules found".formatted(groups(RULES).size()));
    assertThat(
            Tools.run(promtool, "check", "config", here.toString()).expectSuccess("check config"))
        .contains("SUCCESS: %d rules found".formatted(groups(RULES).size()));
  }

  @Test
  void everyAlertFiresWhenItShouldAndNotBefore(@TempDir Path beside) throws IOException {
    JsonNode tests = Repository.document(UNIT_TESTS).path("tests");
    Set<String> firing = new TreeSet<>();
    Set<String> silent = new TreeSet<>();
    for (JsonNode test : tests) {
      for (JsonNode expectation : test.path("alert_rule_test")) {
        (expectation.path("exp_alerts").isEmpty() ? silent : firing)
            .add(expectation.path("alertname").asText());
      }
    }
    Set<String> all = new TreeSet<>();
    rules().forEach(rule -> all.add(rule.path("alert").asText()));
    assertThat(firing).as("alerts that a test makes fire").isEqualTo(all);
    assertThat(silent).as("alerts that a test keeps silent").isEqualTo(all);

    Files.writeString(beside.resolve("rules.yaml"), plain(RULES).toString());
    Files.writeString(beside.resolve("job-rules.yaml"), plain(JOB_RULES).toString());
    Path here = Files.copy(Repository.ROOT.resolve(UNIT_TESTS), beside.resolve("alerts.yaml"));
    Tools.run(Tools.require("promtool").toString(), "test", "rules", here.toString())
        .expectSuccess("promtool test rules " + UNIT_TESTS);
  }

  /** All rules, those that need the cluster's own metrics included. */
  static List<JsonNode> rules() {
    List<JsonNode> all = new ArrayList<>(groups(RULES));
    all.addAll(groups(JOB_RULES));
    return all;
  }

  private static List<JsonNode> groups(String file) {
    List<JsonNode> rules = new ArrayList<>();
    plain(file).path("groups").forEach(g -> g.path("rules").forEach(rules::add));
    assertThat(rules).isNotEmpty();
    return rules;
  }

  /** What Prometheus itself reads: the operator's resource holds it as its specification. */
  private static JsonNode plain(String file) {
    JsonNode document = Repository.document(file);
    return document.has("spec") ? document.path("spec") : document;
  }
}
