package io.headgate.stream;

import io.headgate.claimcheck.Claims;
import io.headgate.client.InspectorClient;
import io.headgate.client.ServiceDescription;
import io.headgate.console.UserException;
import io.headgate.operations.Health;
import io.headgate.operations.Page;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.binder.kafka.KafkaStreamsMetrics;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Properties;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.Supplier;
import org.apache.kafka.common.errors.AuthenticationException;
import org.apache.kafka.common.errors.AuthorizationException;
import org.apache.kafka.common.errors.InvalidTopicException;
import org.apache.kafka.common.errors.UnsupportedVersionException;
import org.apache.kafka.streams.CloseOptions;
import org.apache.kafka.streams.CloseOptions.GroupMembershipOperation;
import org.apache.kafka.streams.KafkaStreams;
import org.apache.kafka.streams.KafkaStreams.State;
import org.apache.kafka.streams.StreamsConfig;
import org.apache.kafka.streams.ThreadMetadata;
import org.apache.kafka.streams.Topology;
import org.apache.kafka.streams.errors.MissingSourceTopicException;
import org.apache.kafka.streams.errors.StreamsUncaughtExceptionHandler.StreamThreadExceptionResponse;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A guard at work, until it is closed. Owns its client, its threads and its Kafka Streams instance;
 * all methods may be called by any thread.
 */
public final class RunningGuard implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(RunningGuard.class);

  /** The stages of a guard's life. */
  public enum Phase {
    /** Not yet asked for anything but its service. */
    WAITING_FOR_SERVICE,
    /** The topology exists; {@link #streamsState()} tells more. */
    STREAMING,
    /** Over because of {@link #failure()}. */
    FAILED,
    /** Over because it was closed. */
    CLOSED
  }

  private final GuardConfig config;
  private final InspectorClient client;
  private final Events events;
  private final Claims claims;
  private final GuardMetrics metrics;
  private final CountDownLatch closing = new CountDownLatch(1);
  private final CountDownLatch running = new CountDownLatch(1);
  private final CountDownLatch ended = new CountDownLatch(1);
  private final AtomicReference<Throwable> failure = new AtomicReference<>();
  private final Thread starter;
  private final MeterRegistry meters;
  private volatile KafkaStreamsMetrics kafkaMetrics;
  private volatile Judge judge;
  private volatile KafkaStreams streams;
  private volatile Topology topology;
  private volatile Phase phase = Phase.WAITING_FOR_SERVICE;

  RunningGuard(GuardConfig config, MeterRegistry meters) {
    this.config = config;
    this.meters = meters;
    this.events = new Events(config.registry());
    this.claims = new Claims(config.claims());
    this.client = new InspectorClient(config.client(), meters);
    this.metrics = new GuardMetrics(meters);
    this.starter = new Thread(this::begin, "headgate-guard-start");
    starter.setDaemon(true);
  }

  void start() {
    starter.start();
  }

  private void begin() {
    try {
      new Startup(config, client, closing).await().ifPresent(this::stream);
    } catch (RuntimeException e) {
      fail(e);
    }
  }

  private synchronized void stream(Startup.Surroundings found) {
    if (closing.getCount() == 0) {
      return;
    }
    ServiceDescription service = found.service();
    log.info(
        "model {} with calibration {}, images of {}x{}",
        service.modelFingerprint(),
        service.calibrationId(),
        service.imageSize(),
        service.imageSize());
    Wiring wiring = Wiring.of(config, events, claims, client, metrics, found.limits(), closing);
    judge = wiring.judge();
    topology = wiring.topology();
    Properties properties = new Properties();
    properties.putAll(KafkaSettings.running(config, wiring.prefetcher()));
    streams = new KafkaStreams(topology, new StreamsConfig(properties));
    streams.setUncaughtExceptionHandler(this::threadDied);
    streams.setStateListener(
        (now, before) -> {
          if (now == State.RUNNING) {
            running.countDown();
          }
          if (now == State.ERROR) {
            fail(new IllegalStateException("the topology ended in an error"));
          }
        });
    kafkaMetrics = new KafkaStreamsMetrics(streams);
    kafkaMetrics.bindTo(meters);
    phase = Phase.STREAMING;
    streams.start();
  }

  private StreamThreadExceptionResponse threadDied(Throwable e) {
    if (closing.getCount() == 0) {
      return StreamThreadExceptionResponse.SHUTDOWN_CLIENT;
    }
    if (isFatal(e)) {
      fail(e);
      return StreamThreadExceptionResponse.SHUTDOWN_CLIENT;
    }
    log.warn("a stream thread died and is replaced: {}", e.toString());
    return StreamThreadExceptionResponse.REPLACE_THREAD;
  }

  /** What a new thread would only meet again. */
  private static boolean isFatal(Throwable e) {
    for (Throwable t = e; t != null; t = t.getCause()) {
      if (t instanceof MissingSourceTopicException
          || t instanceof InvalidTopicException
          || t instanceof AuthorizationException
          || t instanceof AuthenticationException
          || t instanceof UnsupportedVersionException
          || t instanceof Error) {
        return true;
      }
    }
    return false;
  }

  private void fail(Throwable e) {
    if (failure.compareAndSet(null, e)) {
      log.error("the guard cannot go on: {}", e.toString());
      phase = Phase.FAILED;
      running.countDown();
      ended.countDown();
    }
  }

  /** Where it is in its life. */
  public Phase phase() {
    return phase;
  }

  /** Kafka Streams' own state; empty before the topology exists. */
  public Optional<State> streamsState() {
    return Optional.ofNullable(streams).map(KafkaStreams::state);
  }

  /**
   * Whether restarting it would be wrong: it waits for its service, runs or rebalances. An outage
   * of service, registry or brokers is no reason to restart.
   */
  public Health live() {
    boolean alive =
        switch (phase) {
          case WAITING_FOR_SERVICE -> true;
          case STREAMING ->
              streamsState()
                  .filter(s -> s == State.CREATED || s.isRunningOrRebalancing())
                  .isPresent();
          case FAILED, CLOSED -> false;
        };
    return new Health(alive, text());
  }

  /** Whether events flow: the topology runs, and neither service nor registry is away. */
  public Health ready() {
    if (phase != Phase.STREAMING || streamsState().orElseThrow() != State.RUNNING) {
      return new Health(false, text());
    }
    Optional<Duration> away = client.outage();
    if (away.isPresent()) {
      return new Health(
          false,
          "the model service has been away for %d s, policy %s"
              .formatted(away.get().toSeconds(), config.outagePolicy()));
    }
    if (metrics.isRegistryOut()) {
      return new Health(false, "the schema registry is away, events wait");
    }
    return new Health(true, text());
  }

  private String text() {
    return switch (phase) {
      case WAITING_FOR_SERVICE -> "waiting for the model service and the brokers";
      case STREAMING -> streamsState().map(Enum::name).orElse("starting");
      case FAILED -> "failed: " + failure().map(Throwable::getMessage).orElse("");
      case CLOSED -> "closed";
    };
  }

  /** The topology, what judges, and which thread has which partitions; for people. */
  public String describe() {
    if (topology == null) {
      return text() + "\n";
    }
    StringBuilder description = new StringBuilder(text()).append('\n');
    service()
        .ifPresent(
            s ->
                description.append(
                    "model %s, calibration %s, images %dx%d, at most %d per call%n%n"
                        .formatted(
                            s.modelFingerprint(),
                            s.calibrationId(),
                            s.imageSize(),
                            s.imageSize(),
                            s.maxItems())));
    description.append(topology.describe()).append('\n');
    for (ThreadMetadata thread : streams.metadataForLocalThreads()) {
      description.append(thread.threadName()).append(' ').append(thread.threadState());
      thread.activeTasks().forEach(task -> description.append(' ').append(task.topicPartitions()));
      description.append('\n');
    }
    return description.toString();
  }

  /**
   * What machines ask a guard over HTTP: {@code /livez}, {@code /readyz}, {@code /metrics}, {@code
   * /topology}.
   *
   * @param metrics the scrape
   */
  public List<Page> pages(Supplier<String> metrics) {
    return List.of(
        Page.probe("/livez", this::live),
        Page.probe("/readyz", this::ready),
        Page.metrics("/metrics", metrics),
        Page.text("/topology", this::describe));
  }

  /** Why it is {@link Phase#FAILED}. */
  public Optional<Throwable> failure() {
    return Optional.ofNullable(failure.get());
  }

  /** What the service said about itself; empty while it is waited for. */
  public Optional<ServiceDescription> service() {
    return client.description();
  }

  /**
   * Waits until all partitions are assigned and records flow.
   *
   * @throws UserException if that does not happen in time, or the guard fails
   */
  public void awaitRunning(Duration timeout) {
    boolean reached;
    try {
      reached = running.await(timeout.toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new UserException("interrupted while waiting for the guard to start", e);
    }
    if (failure.get() != null) {
      throw new UserException(
          "the guard could not start: " + failure.get().getMessage(), failure.get());
    }
    if (!reached) {
      throw new UserException(
          "the guard is not running after %s: %s, topology %s (expected: service at %s and brokers at %s to answer)"
              .formatted(
                  timeout,
                  phase,
                  streamsState().map(Enum::name).orElse("not started"),
                  config.service(),
                  config.bootstrap()));
    }
  }

  /**
   * Waits until the guard is closed or has failed.
   *
   * @throws InterruptedException if interrupted
   */
  public void awaitEnd() throws InterruptedException {
    ended.await();
  }

  /**
   * Finishes the records at hand, commits and ends, within {@link Timing#grace}. When the service
   * is away, or the time is short, what waits for a verdict is left in its topic.
   */
  @Override
  public void close() {
    synchronized (this) {
      if (closing.getCount() == 0) {
        return;
      }
      closing.countDown();
    }
    long grace = config.timing().grace().toMillis();
    if (streams != null) {
      Thread last = new Thread(() -> giveUpWaiting(grace * 7 / 10), "headgate-guard-close");
      last.setDaemon(true);
      last.start();
      // a static member keeps its place for its restart; any other leaves, so that the rest of the
      // group takes over now and not when its session times out
      boolean clean =
          streams.close(
              CloseOptions.timeout(Duration.ofMillis(grace))
                  .withGroupMembershipOperation(
                      config.instanceId().isPresent()
                          ? GroupMembershipOperation.REMAIN_IN_GROUP
                          : GroupMembershipOperation.LEAVE_GROUP));
      last.interrupt();
      if (!clean) {
        log.warn(
            "the topology did not close within {} ms; nothing is lost, open work is redone", grace);
      }
    }
    if (judge != null) {
      judge.close();
      kafkaMetrics.close();
    }
    client.close();
    claims.close();
    events.close();
    if (phase != Phase.FAILED) {
      phase = Phase.CLOSED;
    }
    ended.countDown();
  }

  private void giveUpWaiting(long millis) {
    long end = System.nanoTime() + TimeUnit.MILLISECONDS.toNanos(millis);
    try {
      while (System.nanoTime() < end && client.outage().isEmpty()) {
        TimeUnit.MILLISECONDS.sleep(50);
      }
    } catch (InterruptedException e) {
      return; // closed in time
    }
    judge.close();
  }
}
