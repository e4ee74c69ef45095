package io.headgate.demo;

import io.headgate.broker.EmbeddedBroker;
import io.headgate.calibration.Calibration;
import io.headgate.client.ClientMetrics;
import io.headgate.clip.ClipModel;
import io.headgate.clip.ClipOptions;
import io.headgate.console.Progress;
import io.headgate.guard.RepairPolicy;
import io.headgate.samples.CorruptSamples;
import io.headgate.samples.ReferenceSet;
import io.headgate.samples.Sample;
import io.headgate.serde.HeadgateSerdes;
import io.headgate.serving.ModelServer;
import io.headgate.serving.ServedModel;
import io.headgate.serving.ServerConfig;
import io.headgate.stream.GuardApp;
import io.headgate.stream.GuardConfig;
import io.headgate.stream.GuardMetrics;
import io.headgate.stream.HeaderNames;
import io.headgate.stream.RunningGuard;
import io.headgate.stream.Topics;
import io.headgate.topics.TopicLayout;
import io.headgate.topics.TopicPlan;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.clients.admin.Admin;

/**
 * The whole pipeline in one process: broker, model service over gRPC on loopback, guard. One round
 * per attack, on the model that it has backdoored.
 *
 * <p>Used by one thread; what it starts belongs to the workspace.
 */
final class Demo {
  private static final Duration PATIENCE = Duration.ofSeconds(60);
  private static final int PARTITIONS = 4;

  private final DemoOptions options;
  private final Workspace workspace;
  private final Stopwatch stopwatch = new Stopwatch();
  private final Topics topics = Topics.defaults();
  private final String registryScope = "demo-" + UUID.randomUUID();
  private final HeadgateSerdes serdes = HeadgateSerdes.of("mock://" + registryScope);

  Demo(DemoOptions options, Workspace workspace) {
    this.options = options;
    this.workspace = workspace;
  }

  /**
   * @param rounds one per attack
   * @param phases where the time went
   */
  record Result(List<Round> rounds, Map<String, Duration> phases) {}

  Result run() throws Exception {
    // The broker starts on one core while the model loads on the other.
    CompletableFuture<EmbeddedBroker> starting = CompletableFuture.supplyAsync(this::startBroker);
    List<Round> rounds = new ArrayList<>();
    EmbeddedBroker broker = null;
    for (int i = 0; i < options.attacks().size(); i++) {
      String attack = options.attacks().get(i);
      Path folder = options.modelFor(attack);
      ClipModel model =
          stopwatch.time("load the model", () -> ClipModel.open(folder, ClipOptions.defaults()));
      workspace.own(model);
      Calibration calibration = calibration(model, folder);
      ModelServer service =
          stopwatch.time(
              "start the service",
              () ->
                  ModelServer.start(
                      ServerConfig.inProcess(),
                      ServedModel.of(model, calibration, RepairPolicy.PRUNE)));
      workspace.own(service);
      if (broker == null) {
        broker = stopwatch.time("wait for the broker", () -> join(starting));
      }
      rounds.add(round(i, broker, service));
      workspace.release(service);
      workspace.release(model);
    }
    HeadgateSerdes.dropMock(registryScope);
    return new Result(rounds, stopwatch.phases());
  }

  private EmbeddedBroker startBroker() {
    try {
      Path folder = Files.createDirectories(workspace.folder().resolve("broker"));
      // A demo's events are gone with it: nothing needs to survive a power cut.
      Map<String, String> settings = Map.of("log.flush.offset.checkpoint.interval.ms", "600000");
      EmbeddedBroker broker =
          workspace.own(
              options.brokerPort().isPresent()
                  ? EmbeddedBroker.start(folder, options.brokerPort().get(), settings)
                  : EmbeddedBroker.start(folder, settings));
      try (Admin admin = Admin.create(Map.of("bootstrap.servers", broker.bootstrap()))) {
        TopicLayout layout =
            new TopicLayout(PARTITIONS, (short) 1, Duration.ofDays(1), Duration.ofDays(1), 8 << 20);
        new TopicPlan(admin, layout.specs(topics)).create(false);
      }
      return broker;
    } catch (IOException e) {
      throw new CompletionException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new CompletionException(e);
    }
  }

  private static <T> T join(CompletableFuture<T> future) throws Exception {
    try {
      return future.join();
    } catch (CompletionException e) {
      throw e.getCause() instanceof Exception cause ? cause : e;
    }
  }

  private Calibration calibration(ClipModel model, Path folder) throws Exception {
    var stored = DemoCalibration.beside(folder, model.fingerprint(), System.err::println);
    if (stored.isPresent()) {
      return stored.get();
    }
    Calibration fitted =
        stopwatch.time(
            "calibrate", () -> DemoCalibration.fit(model, options.reference().cleanValidation()));
    if (options.keep().isPresent()) {
      Files.createDirectories(options.keep().get());
      fitted.save(
          options.keep().get().resolve("calibration-" + fitted.id().substring(0, 12) + ".json"));
    }
    return fitted;
  }

  private Round round(int index, EmbeddedBroker broker, ModelServer service) throws Exception {
    String attack = options.attacks().get(index);
    Plan plan = plan(attack, index);
    Ledger ledger = new Ledger(plan);
    MeterRegistry meters = new SimpleMeterRegistry();
    try (Collector collector =
        new Collector(
            broker.bootstrap(),
            Map.of(
                topics.clean(), Destination.CLEAN,
                topics.repaired(), Destination.REPAIRED,
                topics.quarantined(), Destination.QUARANTINED,
                topics.deadLetter(), Destination.DEAD_LETTER),
            HeaderNames.ERROR_CODE,
            serdes)) {
      RunningGuard guard =
          stopwatch.time("start the guard", () -> startGuard(broker, service, meters));
      Duration streaming;
      long start = System.nanoTime();
      CompletableFuture<Void> submitting =
          CompletableFuture.runAsync(
              () ->
                  new Submitter(broker.bootstrap(), topics.submitted(), serdes, Clock.systemUTC())
                      .submit(plan));
      try (Progress progress = Progress.start("guarding " + attack, plan.events().size())) {
        collector.collect(ledger, PATIENCE, progress::advance);
      }
      streaming = Duration.ofNanos(System.nanoTime() - start);
      join(submitting);
      stopwatch.add("guard the stream", streaming);
      detail(meters);
      stopwatch.time(
          "stop the guard",
          () -> {
            workspace.release(guard);
            return null;
          });
      collector.drain(ledger);
      String target = ReferenceSet.target(options.modelFor(attack)).orElse("");
      return new Round(attack, target, ledger, streaming);
    }
  }

  private Plan plan(String attack, int index) throws IOException {
    List<Sample> clean = options.reference().cleanTest();
    return Plan.of(
        options.eventsOf(index),
        clean,
        options.reference().triggered(attack),
        CorruptSamples.all(clean.get(0).bytes()),
        new Random(options.seed() + index));
  }

  private RunningGuard startGuard(
      EmbeddedBroker broker, ModelServer service, MeterRegistry meters) {
    GuardConfig config =
        GuardConfig.builder(
                broker.bootstrap(), "mock://" + registryScope, "127.0.0.1:" + service.port())
            .applicationId("headgate-demo")
            .kafka(Map.of("state.dir", workspace.folder().resolve("streams").toString()))
            .build();
    RunningGuard guard = workspace.own(GuardApp.configure(config).start(meters));
    guard.awaitRunning(PATIENCE);
    return guard;
  }

  /** What the guard measured inside the stream: sums over threads that overlap. */
  private void detail(MeterRegistry meters) {
    add("  decoding, sum of threads", meters.find(GuardMetrics.DECODE).timer());
    meters
        .find(ClientMetrics.CALL)
        .timers()
        .forEach(t -> add("  calls of the service, sum of those in flight", t));
  }

  private void add(String phase, Timer timer) {
    if (timer != null) {
      stopwatch.add(phase, Duration.ofNanos((long) timer.totalTime(TimeUnit.NANOSECONDS)));
    }
  }
}
