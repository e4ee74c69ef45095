package io.headgate.shipping;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Every question that dashboards, alert rules and scalers ask of Prometheus. */
record Queries(String where, String expression) {
  private static final Pattern NOT_METRICS =
      Pattern.compile(
          "\"[^\"]*\"|\\{[^}]*}|\\[[^]]*]|\\b(?:by|on|without|ignoring|group_left|group_right)\\s*\\([^)]*\\)");
  private static final Pattern NAME = Pattern.compile("\\b[a-zA-Z_:][\\w:]*\\b(?!\\s*\\()");
  private static final Set<String> KEYWORDS = Set.of("and", "or", "unless", "bool", "offset");

  static List<Queries> ofDashboards() {
    List<Queries> all = new ArrayList<>();
    Repository.files("docker/monitoring/grafana/dashboards", ".json")
        .forEach(
            file ->
                Repository.json(Repository.read(file.toString()))
                    .path("panels")
                    .forEach(
                        panel ->
                            panel
                                .path("targets")
                                .forEach(
                                    target ->
                                        all.add(
                                            new Queries(
                                                file.getFileName()
                                                    + ": "
                                                    + panel.path("title").asText(),
                                                target.path("expr").asText())))));
    return all;
  }

  static List<Queries> ofRules() {
    return AlertsTest.rules().stream()
        .map(rule -> new Queries(rule.path("alert").asText(), rule.path("expr").asText()))
        .toList();
  }

  static List<Queries> ofScalers() {
    List<Queries> all = new ArrayList<>();
    for (JsonNode scaler :
        Repository.documents(Repository.read("k8s/components/keda/scaled-objects.yaml"))) {
      for (JsonNode trigger : scaler.at("/spec/triggers")) {
        if (trigger.path("type").asText().equals("prometheus")) {
          all.add(
              new Queries(
                  "scaler " + scaler.at("/metadata/name").asText(),
                  trigger.at("/metadata/query").asText()));
        }
      }
    }
    return all;
  }

  /** Names of the metrics in the expression: what is no label, function, number or keyword. */
  Set<String> metrics() {
    Set<String> names = new TreeSet<>();
    Matcher name = NAME.matcher(NOT_METRICS.matcher(expression).replaceAll(" "));
    while (name.find()) {
      if (!KEYWORDS.contains(name.group())) {
        names.add(name.group());
      }
    }
    return names;
  }
}
