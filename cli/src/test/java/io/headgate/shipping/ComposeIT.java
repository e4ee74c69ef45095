package io.headgate.shipping;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestMethodOrder;

/**
 * {@code docker compose up} without an engine: every service's exact command as an unprivileged
 * user on a read-only root, from broker to dashboards' queries, and down again on SIGTERM. Grafana
 * alone is left out.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class ComposeIT {
  private static final Path WORK = Path.of("target/compose").toAbsolutePath();

  /** Prometheus's own, of every target. */
  private static final Set<String> OF_PROMETHEUS = Set.of("up");

  private Sandbox sandbox;
  private Compose compose;
  private int samples;

  @BeforeAll
  void prepare() {
    Sandbox.empty(WORK);
    JsonNode services = Repository.document("docker/compose.yaml").path("services");
    List<String> hosts = new ArrayList<>();
    services.fieldNames().forEachRemaining(hosts::add);
    sandbox = Sandbox.open(WORK.resolve("sandbox"), hosts);
    Distribution images = Distribution.assemble(WORK.resolve("images"));
    compose = new Compose(sandbox, images, new Servers(sandbox, WORK), WORK.resolve("volumes"));
    for (JsonNode argument : services.at("/submit-samples/command")) {
      if (argument.asText().startsWith("/reference/")) {
        samples += Repository.files(argument.asText().substring(1), ".png").size();
      }
    }
  }

  @AfterAll
  void close() {
    if (sandbox != null) {
      sandbox.close();
    }
    Sandbox.empty(WORK);
  }

  @Test
  @Order(1)
  void everyServiceStartsInOrderAndTheSamplesAreSubmitted() {
    compose.require("prometheus", "service_healthy");
    compose.require("stream-app-2", "service_healthy");

    compose.require("submit-samples", "service_completed_successfully");
  }

  @Test
  @Order(2)
  void theContainersRunUnprivilegedAndWriteOnlyWhereTheyMay() {
    for (String service : List.of("model-service", "stream-app-1")) {
      Container container = compose.require(service, "service_healthy");

      assertThat(container.exec(List.of("cat", "/proc/1/status")).output())
          .contains("Uid:\t10001\t10001\t10001\t10001", "CapEff:\t0000000000000000")
          .contains("NoNewPrivs:\t1");
      assertThat(container.exec(List.of("touch", "/tmp/probe")).exitCode()).isZero();
      for (String place : List.of("/", "/opt/headgate/lib/", "/opt/headgate/deps/", "/etc/")) {
        assertThat(container.exec(List.of("touch", place + "probe")).exitCode())
            .as("%s writes to %s", service, place)
            .isNotZero();
      }
    }
  }

  @Test
  @Order(3)
  void everySampleIsRoutedOnceAndNoneIsLost() {
    Container guard = compose.require("stream-app-1", "service_healthy");

    sandbox.await(guard, Compose.PATIENCE, () -> number("sum(up)") == 3);
    sandbox.await(
        guard, Compose.PATIENCE, () -> number("sum(headgate_guard_routed_total)") == samples);

    assertThat(samples).isPositive();
    assertThat(number("sum(headgate_guard_routed_total{route=\"quarantined\"})")).isPositive();
    assertThat(number("sum(headgate_guard_routed_total{route=\"clean\"})")).isPositive();
    assertThat(number("sum(headgate_guard_dead_letters_total)")).isZero();
    assertThat(number("count(headgate_guard_routed_total{route=\"clean\"} > 0)"))
        .as("guards that work")
        .isEqualTo(2);
  }

  @Test
  @Order(4)
  void everyMetricOfDashboardsRulesAndScalersIsScraped() {
    Container guard = compose.require("stream-app-1", "service_healthy");
    List<Queries> queries = allQueries();

    sandbox.within(Compose.PATIENCE, guard, () -> unscraped(queries).isEmpty());

    assertThat(unscraped(queries)).isEmpty();
  }

  @Test
  @Order(5)
  void everyPanelShowsSomething() {
    Container guard = compose.require("stream-app-1", "service_healthy");
    List<Queries> waiting =
        new ArrayList<>(
            Stream.concat(Queries.ofDashboards().stream(), Queries.ofScalers().stream()).toList());

    // A rate needs two scrapes that find the series, and some appear with the first image only.
    sandbox.within(
        Compose.PATIENCE,
        guard,
        () -> {
          waiting.removeIf(query -> !ask(query.expression()).path("result").isEmpty());
          return waiting.isEmpty();
        });

    assertThat(waiting).as("queries that show nothing").isEmpty();
  }

  @Test
  @Order(6)
  void noAlertFiresThatNeedsAnOperator() {
    JsonNode alerts =
        Repository.json(sandbox.get("prometheus", 9090, "/api/v1/alerts").orElseThrow());

    assertThat(alerts.at("/data/alerts"))
        .filteredOn(alert -> alert.path("state").asText().equals("firing"))
        .extracting(alert -> alert.at("/labels/alertname").asText())
        .isSubsetOf("HeadgateQuarantineRateHigh", "HeadgateRepairRateHigh"); // half are triggered
  }

  @Test
  @Order(7)
  void everyServerEndsOnSigtermWithinItsGrace() {
    for (String service : List.of("stream-app-1", "stream-app-2", "model-service")) {
      Container container = compose.require(service, "service_healthy");

      container.terminate();

      assertThat(container.awaitExit(compose.stopGrace(service))).as(service).isEqualTo(143);
      assertThat(container.log()).doesNotContain("OutOfMemory").doesNotContain(" ERROR ");
    }
  }

  /** With the CPU's natives, since there is no GPU: where they go is what counts. */
  @Test
  @Order(8)
  void theCudaImageUnpacksItsNativesIntoItsNamedPlace() {
    ContainerSpec inspect =
        compose
            .images()
            .container(
                "model-service-gpu",
                "cuda-entry",
                List.of(
                    "inspect",
                    "--model",
                    "/reference/models/badnet8",
                    "/reference/images/clean-test/0000-guitar.png"))
            .withMounts(
                List.of(
                    ContainerSpec.Mount.readOnly(
                        Repository.ROOT.resolve("reference"), "/reference")));

    Container container = sandbox.start(inspect);

    assertThat(container.awaitExit(Compose.PATIENCE)).as(container.log()).isZero();
    assertThat(container.log()).contains("guitar");
  }

  /** Where a metric is named that Prometheus has no series of, and the metric. */
  private Set<String> unscraped(List<Queries> queries) {
    Set<String> scraped = new TreeSet<>(OF_PROMETHEUS);
    Repository.json(sandbox.get("prometheus", 9090, "/api/v1/label/__name__/values").orElseThrow())
        .path("data")
        .forEach(name -> scraped.add(name.asText()));
    Set<String> missing = new TreeSet<>();
    for (Queries query : queries) {
      query.metrics().stream()
          .filter(metric -> !metric.startsWith("kube_") && !scraped.contains(metric))
          .forEach(metric -> missing.add(query.where() + ": " + metric));
    }
    return missing;
  }

  private static List<Queries> allQueries() {
    List<Queries> all = new ArrayList<>(Queries.ofDashboards());
    all.addAll(Queries.ofRules());
    all.addAll(Queries.ofScalers());
    assertThat(all).hasSizeGreaterThan(30);
    return all;
  }

  /** The one number that an expression gives; NaN if it gives none. */
  private double number(String expression) {
    JsonNode result = ask(expression).path("result");
    return result.isEmpty() ? Double.NaN : result.get(0).at("/value/1").asDouble();
  }

  private JsonNode ask(String expression) {
    String answer =
        sandbox
            .get(
                "prometheus",
                9090,
                "/api/v1/query?query=" + URLEncoder.encode(expression, StandardCharsets.UTF_8))
            .orElseThrow(() -> new AssertionError("Prometheus does not understand " + expression));
    return Repository.json(answer).path("data");
  }
}
