package io.headgate.shipping;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import io.headgate.cli.Headgate;
import io.headgate.shipping.Cluster.Running;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestMethodOrder;

/**
 * From zero to guarded traffic, as docs/deployment.md goes, without a cluster: the pods of the
 * {@code cpu} overlay as real processes, from the setup job to SIGTERM.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class ClusterIT {
  private static final Path WORK = Path.of("target/cluster").toAbsolutePath();
  private static final String MODEL_POD = "headgate-model-service-0";
  private static final String REGISTRY = "schema-registry.kafka.svc.cluster.local";
  private static final List<String> GUARD_PODS =
      List.of("headgate-stream-app-0", "headgate-stream-app-1");

  private final List<Running> servers = new ArrayList<>();
  private List<JsonNode> manifests;
  private Sandbox sandbox;
  private Distribution images;
  private Cluster cluster;

  @BeforeAll
  void prepare() {
    Sandbox.empty(WORK);
    manifests = Kustomize.render("cpu");
    sandbox = Sandbox.open(WORK.resolve("sandbox"), List.of("broker", REGISTRY, MODEL_POD));
    sandbox.alias("headgate-model-service.headgate.svc.cluster.local", MODEL_POD);
    images = Distribution.assemble(WORK.resolve("images"));
    Tools.run(
            WORK,
            List.of(
                "bash",
                "-ec",
                "mkdir -p models clean/recent && cp -r '%1$s/reference/models/badnet8' models/current"
                        .formatted(Repository.ROOT)
                    + " && cp -r '%1$s/reference/images/clean-validation' clean/validation"
                        .formatted(Repository.ROOT)
                    + " && find '%s/reference/images/clean-test' -name '*.png' | sort | head -100 | xargs cp -t clean/recent"
                        .formatted(Repository.ROOT)))
        .expectSuccess("filling volumes");
    Path key = WORK.resolve("key.pem");
    assertThat(Headgate.commandLine().execute("calibrate", "keygen", "--out", key.toString()))
        .isZero();
    cluster =
        new Cluster(
            manifests,
            sandbox,
            images,
            WORK,
            Map.of(
                "headgate-kafka",
                Map.of("bootstrap", "broker:19092", "client.properties", ""),
                "headgate-calibration-signing",
                Map.of("calibration.key.pem", Sandbox.read(key)),
                "headgate-calibration-trust",
                Map.of("calibration.pub.pem", Sandbox.read(WORK.resolve("key.pem.pub")))),
            Map.of(
                "headgate-models", WORK.resolve("models"),
                "headgate-clean-images", WORK.resolve("clean")));
    cluster.change(
        "headgate-addresses",
        "SCHEMA_REGISTRY_URL",
        "http://%s:8081/apis/ccompat/v7".formatted(REGISTRY));

    Servers others = new Servers(sandbox, WORK);
    JsonNode settings =
        Repository.document("docker/compose.yaml").at("/services/broker/environment");
    Container broker =
        sandbox.start(
            others
                .broker(settings)
                .withMounts(List.of(ContainerSpec.Mount.temporary("/var/lib/kafka/data"))));
    Container registry = sandbox.start(others.registry(REGISTRY, 8081));
    sandbox.await(broker, Compose.PATIENCE, () -> sandbox.accepts("broker", 19092));
    sandbox.await(
        registry, Compose.PATIENCE, () -> sandbox.get(REGISTRY, 8081, "/health/ready").isPresent());
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
  void theSetupJobCreatesTopicsAndRegistersSchemas() {
    JsonNode job = pod("Job", "headgate-setup");

    Map<String, String> logs = cluster.runToEnd(job, "headgate-setup-first");

    assertThat(logs.get("topics")).contains(Defaults.of("guard", "topic-submitted"));
    assertThat(logs.get("schemas")).contains("BACKWARD_TRANSITIVE");
  }

  @Test
  @Order(2)
  void theServiceWaitsAliveForItsFirstCalibration() {
    servers.add(cluster.start("Deployment", "headgate-model-service", MODEL_POD));

    cluster.awaitProbe(servers.get(0), "livenessProbe");

    assertThat(cluster.passes(servers.get(0), "readinessProbe")).isFalse();
  }

  @Test
  @Order(3)
  void theCalibrationJobCalibratesVerifiesAndPublishesAndTheServiceTakesIt() {
    JsonNode job = pod("CronJob", "headgate-calibrate");

    cluster.runToEnd(job, "headgate-calibrate-first");

    cluster.awaitProbe(servers.get(0), "readinessProbe");
  }

  @Test
  @Order(4)
  void theGuardsRouteWhatIsSubmitted() {
    for (String pod : GUARD_PODS) {
      Running guard = cluster.start("StatefulSet", "headgate-stream-app", pod);
      servers.add(guard);
      cluster.awaitProbe(guard, "startupProbe");
      cluster.awaitProbe(guard, "readinessProbe");
    }
    Path pictures = Repository.ROOT.resolve("reference/images/clean-test");
    int sent = Repository.files("reference/images/clean-test", ".png").size();

    Container submit =
        sandbox.start(
            images
                .container(
                    "stream-app",
                    "operator",
                    List.of(
                        "submit",
                        "--bootstrap",
                        "broker:19092",
                        "--registry",
                        "http://%s:8081/apis/ccompat/v7".formatted(REGISTRY),
                        "/pictures"))
                .withMounts(List.of(ContainerSpec.Mount.readOnly(pictures, "/pictures"))));
    assertThat(submit.awaitExit(Compose.PATIENCE)).as(submit.log()).isZero();

    sandbox.await(
        servers.get(1).container(),
        Compose.PATIENCE,
        () -> GUARD_PODS.stream().mapToDouble(this::routed).sum() == sent);
    assertThat(GUARD_PODS).allSatisfy(pod -> assertThat(routed(pod)).isPositive());
  }

  @Test
  @Order(5)
  void podsEndInTheirGraceAndStayedWithinTheirMemory() {
    assertThat(servers).hasSize(3);
    for (int i = servers.size() - 1; i >= 0; i--) {
      Running server = servers.get(i);
      long peak = server.container().peakMemory();

      assertThat(cluster.stop(server)).as(server.pod()).isEqualTo(143);

      assertThat(peak)
          .as("bytes of " + server.pod())
          .isLessThan(Cluster.memoryLimit(server.spec()));
    }
  }

  private JsonNode pod(String kind, String name) {
    return ManifestsTest.pods(ManifestsTest.named(manifests, kind, name)).get(0);
  }

  private double routed(String pod) {
    String metrics = sandbox.get(pod, 7870, "/metrics").orElse("");
    Matcher line =
        Pattern.compile("(?m)^headgate_guard_routed_total\\{[^}]*} (\\S+)$").matcher(metrics);
    double sum = 0;
    while (line.find()) {
      sum += Double.parseDouble(line.group(1));
    }
    return sum;
  }
}
