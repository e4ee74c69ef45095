package io.headgate.serving;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.grpc.Server;
import io.grpc.ServerInterceptor;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.protobuf.services.HealthStatusManager;
import io.headgate.console.UserException;
import io.headgate.operations.Health;
import io.headgate.operations.OperationsServer;
import io.headgate.operations.Page;
import io.headgate.v1.grpc.InspectorGrpc;
import java.time.Clock;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Function;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The model service: one model with one calibration, answering over gRPC, and replaceable while it
 * runs. Owns its threads and ports and the engines given to it.
 */
public final class ModelServer implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(ModelServer.class);
  private static final Duration HEALTH_EVERY = Duration.ofMillis(500);
  private static final Duration DRAIN_LOOK = Duration.ofMillis(50);
  private static final Duration TOPIC_PATIENCE = Duration.ofSeconds(30);
  private static final ObjectMapper JSON = new ObjectMapper();

  private final ServerConfig config;
  private final ServingMetrics metrics = new ServingMetrics();
  private final RequestTracer.Factory requests = new RequestTracer.Factory(metrics);
  private final HealthStatusManager health = new HealthStatusManager();
  private final Instant startedAt = Instant.now();
  private final AtomicBoolean closed = new AtomicBoolean();
  private final AtomicBoolean served = new AtomicBoolean();
  private final CompletableFuture<Void> terminated = new CompletableFuture<>();
  private final ExecutorService answers;
  private final ScheduledExecutorService timer;
  private final ScheduledExecutorService watcher;
  private final DynamicBatcher batcher;
  private final Optional<OperationsServer> http;
  private final Server grpc;

  private volatile boolean closing;
  private volatile Swap lastSwap;
  private volatile Optional<Rollout> rollout = Optional.empty();

  private record Swap(String what, boolean done, Instant at, String message) {}

  private ModelServer(ServerConfig config) {
    this.config = config;
    int cores = Runtime.getRuntime().availableProcessors();
    this.answers = Executors.newFixedThreadPool(Math.max(2, cores), daemons("headgate-grpc"));
    this.timer = Executors.newScheduledThreadPool(1, daemons("headgate-timer"));
    this.watcher = Executors.newScheduledThreadPool(1, daemons("headgate-rollout"));
    this.batcher = new DynamicBatcher(config.batching(), metrics);
    metrics.observe(batcher, requests, () -> readiness().ok());
    setHealth();
    OperationsServer operations = null;
    try {
      operations = config.httpPort().map(this::startHttp).orElse(null);
      this.grpc = startGrpc();
    } catch (RuntimeException e) {
      if (operations != null) {
        operations.close();
      }
      batcher.close();
      answers.shutdownNow();
      timer.shutdownNow();
      watcher.shutdownNow();
      metrics.close();
      throw e;
    }
    this.http = Optional.ofNullable(operations);
    timer.scheduleWithFixedDelay(
        this::setHealth, HEALTH_EVERY.toMillis(), HEALTH_EVERY.toMillis(), TimeUnit.MILLISECONDS);
  }

  /**
   * Serves a model that the caller has loaded and will close after the server. Returns when calls
   * are answered.
   *
   * @throws UserException if a port is taken, the TLS files cannot be used, or the calibration
   *     belongs to another model
   */
  public static ModelServer start(ServerConfig config, ServedModel served) {
    ModelHandle handle =
        new ModelHandle(served.model(), served.classifier(), served.precision(), () -> {});
    return start(config, new GuardEngine(handle, served.calibration(), served.policy()));
  }

  /**
   * Loads what the source names, serves it, and follows its changes. Returns when calls are
   * answered.
   *
   * @throws UserException if a port is taken, the TLS files cannot be used, or the model or its
   *     calibration cannot be served
   */
  public static ModelServer start(ServerConfig config, ModelSource source) {
    return start(config, server -> server.rollout(source));
  }

  private Rollout rollout(ModelSource source) {
    List<CalibrationSource> calibrations = new ArrayList<>();
    source.calibrations().ifPresent(path -> calibrations.add(new FileCalibrations(path)));
    source
        .topic()
        .map(topic -> CalibrationsTopic.open(topic.name(), topic.kafka()))
        .ifPresent(
            topic -> {
              calibrations.add(topic);
              awaitCalibrations(topic);
            });
    return new Rollout(
        source.model(),
        new ClipModelLoader(source.options()),
        calibrations,
        source.signer(),
        source.canaries(),
        source.policy(),
        ProcessMemory::availableBytes,
        Clock.systemUTC(),
        this::serve,
        this::swapEnded);
  }

  private static void awaitCalibrations(CalibrationsTopic topic) {
    try {
      if (!topic.awaitCaughtUp(TOPIC_PATIENCE)) {
        log.warn(
            "{} was not read to its end within {}; going on with what was read",
            topic.signature(),
            TOPIC_PATIENCE);
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** As {@link #start(ServerConfig, ModelSource)}, with a rollout of the caller's making. */
  static ModelServer start(ServerConfig config, Function<ModelServer, Rollout> rollouts) {
    ModelServer server = new ModelServer(config);
    try {
      Rollout rollout = rollouts.apply(server);
      server.follow(rollout);
      return server;
    } catch (RuntimeException | Error e) {
      server.close();
      throw e;
    }
  }

  /** Serves an engine, which the server closes. Returns when calls are answered. */
  static ModelServer start(ServerConfig config, BatchEngine engine) {
    ModelServer server;
    try {
      server = new ModelServer(config);
    } catch (RuntimeException e) {
      engine.close();
      throw e;
    }
    try {
      server.serve(engine, true);
      return server;
    } catch (RuntimeException e) {
      server.close();
      throw e;
    }
  }

  private void follow(Rollout first) {
    rollout = Optional.of(first);
    first.start();
    long every = config.watchEvery().toMillis();
    watcher.scheduleWithFixedDelay(
        () -> {
          try {
            first.tick();
          } catch (RuntimeException e) {
            log.error("looking for a new model or calibration failed; looking again", e);
          }
        },
        every,
        every,
        TimeUnit.MILLISECONDS);
  }

  private void swapEnded(String what, boolean done, Duration took, String message) {
    metrics.swapped(what, done, took);
    lastSwap = new Swap(what, done, Instant.now(), message);
  }

  private OperationsServer startHttp(int port) {
    return OperationsServer.start(
        config.host(),
        port,
        List.of(
            Page.metrics("/metrics", metrics::scrape),
            Page.probe("/livez", this::liveness),
            Page.probe("/readyz", this::readiness),
            Page.json("/info", this::info)));
  }

  private Server startGrpc() {
    InspectorService service = new InspectorService(batcher, config.limits(), metrics, answers);
    List<ServerInterceptor> lastToFirst = new ArrayList<>();
    lastToFirst.add(new OverloadInterceptor(batcher, metrics));
    lastToFirst.add(new RequestInterceptor());
    config
        .tls()
        .map(TlsConfig::allowedClients)
        .filter(names -> !names.isEmpty())
        .ifPresent(names -> lastToFirst.add(new AllowListInterceptor(names)));
    return GrpcEndpoint.start(config, service, lastToFirst, health, requests, answers, timer);
  }

  private static ThreadFactory daemons(String name) {
    AtomicInteger number = new AtomicInteger();
    return task -> {
      Thread thread = new Thread(task, name + "-" + number.getAndIncrement());
      thread.setDaemon(true);
      return thread;
    };
  }

  /**
   * Replaces what is served, without dropping a call: what comes in from now on is answered with
   * the new model or calibration, what came before with the old.
   *
   * @throws UserException if the calibration belongs to another model; the old goes on serving
   */
  public void switchTo(ServedModel next) {
    ModelHandle handle =
        new ModelHandle(next.model(), next.classifier(), next.precision(), () -> {});
    serve(new GuardEngine(handle, next.calibration(), next.policy()), true);
  }

  /**
   * Warms an engine beside the current one, then lets new calls use it. The old one is closed when
   * its last call is answered. The engine is the server's from now on, also when this fails.
   *
   * @return completes when the old one is closed
   */
  CompletableFuture<Void> serve(BatchEngine engine, boolean newModel) {
    long started = System.nanoTime();
    int sizes;
    CompletableFuture<Void> oldClosed;
    metrics.engineLoaded();
    try {
      sizes = newModel ? WarmUp.run(engine, config.batching()) : WarmUp.selfTest(engine);
      oldClosed = batcher.switchTo(engine);
    } catch (RuntimeException e) {
      engine.close();
      metrics.engineUnloaded();
      throw e;
    }
    if (served.getAndSet(true)) {
      oldClosed.thenRun(metrics::engineUnloaded);
    }
    metrics.serving(engine);
    setHealth();
    log.atInfo()
        .addKeyValue("model", engine.description().ids().modelFingerprint())
        .addKeyValue("calibration", engine.description().ids().calibrationId())
        .addKeyValue("batch_sizes", sizes)
        .addKeyValue("took_ms", TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - started))
        .log("serving");
    return oldClosed;
  }

  ServingMetrics metrics() {
    return metrics;
  }

  /** The port that gRPC listens on. */
  public int port() {
    return grpc.getPort();
  }

  /** The port of metrics and probes; empty if it is switched off. */
  public Optional<Integer> httpPort() {
    return http.map(OperationsServer::port);
  }

  /** What calls that come in now are answered with. */
  public ServedIds ids() {
    return current().map(d -> d.ids()).orElseThrow(() -> new IllegalStateException("closed"));
  }

  private Optional<EngineDescription> current() {
    Generation generation = batcher.retainCurrent();
    if (generation == null) {
      return Optional.empty();
    }
    generation.release();
    return Optional.of(generation.description());
  }

  Health readiness() {
    if (closing) {
      return new Health(false, "shutting down");
    }
    if (batcher.broken()) {
      return new Health(false, "the model fails on every image");
    }
    if (current().isEmpty()) {
      return new Health(false, "the model is being loaded");
    }
    return new Health(true, "ready");
  }

  Health liveness() {
    if (batcher.broken()) {
      return new Health(false, "the model fails on every image");
    }
    Duration running = batcher.longestRunning();
    if (running.compareTo(config.limits().stallLimit()) > 0) {
      return new Health(false, "a batch has been running for %d s".formatted(running.toSeconds()));
    }
    return new Health(true, "alive");
  }

  private void setHealth() {
    if (closing) {
      return;
    }
    ServingStatus status = readiness().ok() ? ServingStatus.SERVING : ServingStatus.NOT_SERVING;
    health.setStatus(HealthStatusManager.SERVICE_NAME_ALL_SERVICES, status);
    health.setStatus(InspectorGrpc.SERVICE_NAME, status);
  }

  private String info() {
    ObjectNode info = JSON.createObjectNode();
    info.put("service", "headgate");
    info.put("started_at", startedAt.toString());
    info.put("ready", readiness().ok());
    current()
        .ifPresent(
            engine -> {
              info.put("model_fingerprint", engine.ids().modelFingerprint());
              info.put("calibration_id", engine.ids().calibrationId());
              info.put("image_size", engine.imageSize());
              info.put("layers", engine.layers());
              info.put("heads", engine.heads());
              info.put("embedding", engine.embedding());
              info.put("preprocessing", engine.preprocessing());
              info.put("precision", engine.precision());
              info.put("policy", engine.policy());
              info.put("classes", engine.classes().size());
            });
    BatchingConfig batching = config.batching();
    info.putObject("batching")
        .put("max_batch", batching.maxBatch())
        .put("linger_ms", batching.linger().toNanos() / 1e6)
        .put("lanes", batching.lanes())
        .put("queue_items", batching.queueItems())
        .put("queue_bytes", batching.queueBytes());
    Swap swap = lastSwap;
    if (swap != null) {
      info.putObject("last_swap")
          .put("what", swap.what())
          .put("done", swap.done())
          .put("at", swap.at().toString())
          .put("message", swap.message());
    }
    return info.toPrettyString() + "\n";
  }

  /** Waits until the server is closed. */
  public void awaitTermination() throws InterruptedException {
    try {
      terminated.get();
    } catch (ExecutionException e) {
      throw new IllegalStateException(e);
    }
  }

  /**
   * Stops taking calls, lets running ones end within the grace time, and unloads. Health and
   * readiness say so from the first moment.
   */
  @Override
  public void close() {
    if (!closed.compareAndSet(false, true)) {
      return;
    }
    long end = System.nanoTime() + config.grace().toNanos();
    closing = true;
    if (served.get()) {
      log.info("closing: calls under way have {} s to end", config.grace().toMillis() / 1e3);
    }
    watcher.shutdown();
    health.enterTerminalState();
    grpc.shutdown();
    try {
      boolean ended = awaitCalls(end);
      boolean drained = batcher.drain(Duration.ofNanos(Math.max(0, end - System.nanoTime())));
      if (!ended || !drained) {
        log.warn(
            "calls were still running after the grace time of {} s: cut off",
            config.grace().toMillis() / 1e3);
      }
      // Answers to calls that were just cut off still have to go out.
      if (!grpc.awaitTermination(200, TimeUnit.MILLISECONDS)) {
        grpc.shutdownNow();
        grpc.awaitTermination(1, TimeUnit.SECONDS);
      }
    } catch (InterruptedException e) {
      grpc.shutdownNow();
      batcher.drain(Duration.ZERO);
      Thread.currentThread().interrupt();
    } finally {
      http.ifPresent(OperationsServer::close);
      timer.shutdownNow();
      watcher.shutdownNow();
      rollout.ifPresent(Rollout::close);
      answers.shutdown();
      metrics.close();
      if (served.get()) {
        log.info("closed");
      }
      terminated.complete(null);
    }
  }

  /**
   * Waits until the inspector's calls have ended. Some may be on their way from clients that have
   * not heard yet, so there must be none for a little while. Health watches are not waited for.
   */
  private boolean awaitCalls(long endNanos) throws InterruptedException {
    int looksWithoutCalls = 0;
    while (looksWithoutCalls < 3) {
      if (grpc.awaitTermination(DRAIN_LOOK.toNanos(), TimeUnit.NANOSECONDS)) {
        return true;
      }
      if (System.nanoTime() - endNanos >= 0) {
        return false;
      }
      looksWithoutCalls = requests.inFlight() == 0 ? looksWithoutCalls + 1 : 0;
    }
    return true;
  }
}
