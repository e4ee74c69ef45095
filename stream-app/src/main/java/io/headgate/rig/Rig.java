package io.headgate.rig;

import io.grpc.Grpc;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.headgate.broker.BrokerProcess;
import io.headgate.broker.ChildProcess;
import io.headgate.broker.LastingPort;
import io.headgate.broker.RegistryProcess;
import io.headgate.registry.SchemaSubjects;
import io.headgate.serde.HeadgateSerdes;
import io.headgate.stream.Topics;
import io.headgate.topics.TopicLayout;
import io.headgate.topics.TopicPlan;
import io.headgate.v1.grpc.DescribeRequest;
import io.headgate.v1.grpc.InspectorGrpc;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;

/**
 * Broker, registry and model service as processes on loopback, and as many guards as wanted. All
 * keep their ports and their data when they die and are started again.
 *
 * <p>Used by one thread; closing ends every process, the youngest first.
 */
public final class Rig implements AutoCloseable {
  private static final Duration PATIENCE = Duration.ofMinutes(3);
  private static final List<String> SMALL_JVM = List.of("-Xmx384m", "-XX:TieredStopAtLevel=1");

  private final RigOptions options;
  private final BrokerProcess broker;
  private final RegistryProcess registry;
  private final HeadgateProcess service;
  private final int servicePort;
  private final Deque<AutoCloseable> owned = new ArrayDeque<>();

  private Rig(
      RigOptions options,
      BrokerProcess broker,
      RegistryProcess registry,
      HeadgateProcess service,
      int servicePort) {
    this.options = options;
    this.broker = broker;
    this.registry = registry;
    this.service = service;
    this.servicePort = servicePort;
    List.of(broker, registry, service).forEach(owned::push);
  }

  /**
   * Calibrates the model and starts broker, registry and service; returns when all answer.
   *
   * @throws IOException if one does not come up
   */
  public static Rig start(RigOptions options) throws IOException, InterruptedException {
    Path folder = options.folder();
    Path registryFolder = Files.createDirectories(folder.resolve("registry"));
    BrokerProcess broker =
        BrokerProcess.prepare(
            Files.createDirectories(folder.resolve("broker")),
            options.brokerJvm(),
            options.brokerSettings());
    RegistryProcess registry = RegistryProcess.prepare(options.registryHome(), registryFolder);
    int servicePort = LastingPort.find();
    Path calibration = folder.resolve("calibration.json");
    HeadgateProcess service =
        HeadgateProcess.server(
            "service",
            folder,
            options.serviceJvm(),
            Map.of(),
            List.of(
                "serve",
                "--model",
                options.model().toString(),
                "--calibration",
                calibration.toString(),
                "--port",
                Integer.toString(servicePort)));
    Rig rig = new Rig(options, broker, registry, service, servicePort);
    try {
      broker.process().start();
      registry.process().start();
      calibrate(options, calibration);
      service.process().start();
      registry.awaitReady(PATIENCE);
      service.awaitReady(PATIENCE);
      return rig;
    } catch (IOException | InterruptedException | RuntimeException e) {
      rig.close();
      throw e;
    }
  }

  private static void calibrate(RigOptions options, Path calibration)
      throws IOException, InterruptedException {
    Path log = options.folder().resolve("calibrate.log");
    try (ChildProcess calibrate =
        new ChildProcess(
            HeadgateProcess.command(
                List.of(),
                List.of(
                    "calibrate",
                    "--model",
                    options.model().toString(),
                    "--images",
                    options.cleanImages().toString(),
                    "--out",
                    calibration.toString())),
            Map.of(),
            log)) {
      calibrate.start();
      int exit = calibrate.awaitExit();
      if (exit != 0) {
        throw new IOException("'headgate calibrate' ended with %d; see %s".formatted(exit, log));
      }
    }
  }

  /** The broker. */
  public BrokerProcess broker() {
    return broker;
  }

  /** The schema registry. */
  public RegistryProcess registry() {
    return registry;
  }

  /** The model service. */
  public HeadgateProcess service() {
    return service;
  }

  /** Where the model service takes calls: {@code host:port}. */
  public String serviceAddress() {
    return "127.0.0.1:" + servicePort;
  }

  /** Side of the images that the service takes, in pixels. */
  public int imageSize() {
    ManagedChannel channel =
        Grpc.newChannelBuilder(serviceAddress(), InsecureChannelCredentials.create()).build();
    try {
      return InspectorGrpc.newBlockingStub(channel)
          .withDeadlineAfter(PATIENCE.toSeconds(), TimeUnit.SECONDS)
          .describe(DescribeRequest.getDefaultInstance())
          .getImageSize();
    } finally {
      channel.shutdownNow();
    }
  }

  /** Serdes against the rig's registry. */
  public HeadgateSerdes serdes() {
    return HeadgateSerdes.of(registry.url());
  }

  /** A client of the broker; the caller closes it. */
  public Admin admin() {
    return Admin.create(Map.of("bootstrap.servers", broker.bootstrap()));
  }

  /** Creates a set of topics and registers the schemas of their events. */
  public void create(Topics topics, int partitions) throws InterruptedException {
    try (Admin admin = admin();
        SchemaSubjects subjects =
            new SchemaSubjects(Map.of(HeadgateSerdes.REGISTRY_URL, registry.url()), topics)) {
      TopicLayout layout =
          new TopicLayout(partitions, (short) 1, Duration.ofDays(1), Duration.ofDays(1), 8 << 20);
      new TopicPlan(admin, layout.specs(topics)).create(false);
      subjects.register();
    }
  }

  /**
   * A guard of these topics; starts nothing yet, and is closed with the rig.
   *
   * @param group its application id
   * @param jvm options
   * @param more arguments of {@code headgate guard}
   */
  public HeadgateProcess guard(
      String name,
      String group,
      Topics topics,
      List<String> jvm,
      Map<String, String> environment,
      List<String> more)
      throws IOException {
    List<String> arguments = new ArrayList<>();
    arguments.addAll(
        List.of(
            "guard",
            "--bootstrap",
            broker.bootstrap(),
            "--registry",
            registry.url(),
            "--service",
            serviceAddress(),
            "--application-id",
            group));
    arguments.addAll(
        List.of(
            "--topic-submitted",
            topics.submitted(),
            "--topic-clean",
            topics.clean(),
            "--topic-repaired",
            topics.repaired(),
            "--topic-quarantined",
            topics.quarantined(),
            "--topic-dead-letter",
            topics.deadLetter()));
    arguments.addAll(more);
    HeadgateProcess guard =
        HeadgateProcess.server(name, options.folder(), jvm, environment, arguments);
    owned.push(guard);
    return guard;
  }

  /** JVM options of a guard that shares a small machine. */
  public static List<String> smallJvm() {
    return SMALL_JVM;
  }

  @Override
  public void close() {
    RuntimeException failure = null;
    while (!owned.isEmpty()) {
      try {
        owned.pop().close();
      } catch (Exception e) { // the others must end all the same
        failure = new IllegalStateException("a process could not be ended", e);
      }
    }
    if (failure != null) {
      throw failure;
    }
  }
}
