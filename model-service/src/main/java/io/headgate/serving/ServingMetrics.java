package io.headgate.serving;

import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.grpc.health.v1.HealthGrpc;
import io.headgate.v1.grpc.InspectorGrpc;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.DistributionSummary;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.Meter;
import io.micrometer.core.instrument.Tags;
import io.micrometer.core.instrument.Timer;
import io.micrometer.core.instrument.binder.jvm.JvmGcMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmMemoryMetrics;
import io.micrometer.core.instrument.binder.jvm.JvmThreadMetrics;
import io.micrometer.core.instrument.binder.system.ProcessorMetrics;
import io.micrometer.prometheusmetrics.PrometheusConfig;
import io.micrometer.prometheusmetrics.PrometheusMeterRegistry;
import io.prometheus.metrics.core.datapoints.DistributionDataPoint;
import io.prometheus.metrics.core.metrics.Histogram;
import io.prometheus.metrics.core.metrics.Info;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.Supplier;

/**
 * What the service tells about itself, under the names that Prometheus sees. Every label is
 * bounded: by an enum, by the model's heads, or by the calibration's detectors. The table for
 * people is in {@code docs/model-service.md}.
 */
public final class ServingMetrics implements BatchListener {
  /** Calls by {@code method} and gRPC {@code status}. */
  public static final String REQUESTS = "headgate_requests_total";

  /** Calls of the inspector that run now. */
  public static final String IN_FLIGHT_REQUESTS = "headgate_in_flight_requests";

  /** Images by {@code outcome}: the route, or the code of the item's error. */
  public static final String IMAGES = "headgate_images_total";

  /** Images per device batch. */
  public static final String BATCH_SIZE = "headgate_batch_size";

  /** Time by {@code stage}: queue (per image), inference (per batch), total (per call). */
  public static final String STAGE = "headgate_stage_seconds";

  /** Images waiting. */
  public static final String QUEUE_ITEMS = "headgate_queue_items";

  /** Bytes of pixels waiting. */
  public static final String QUEUE_BYTES = "headgate_queue_bytes";

  /** Lanes that run a batch now. */
  public static final String BUSY_LANES = "headgate_busy_lanes";

  /** Calls turned away or dropped, by {@code reason}. */
  public static final String REJECTIONS = "headgate_rejections_total";

  /** Forward passes that failed, the parts of split batches included. */
  public static final String BATCH_FAILURES = "headgate_batch_failures_total";

  /** Infected heads per image. */
  public static final String INFECTED_HEADS = "headgate_infected_heads";

  /** Similarity of each last-layer {@code head} to its clean prototype. */
  public static final String SIMILARITY = "headgate_head_similarity";

  /** Distance of the clean images' mean similarity from calibration, −1 being at ε. */
  public static final String SIMILARITY_DRIFT = "headgate_head_similarity_drift";

  /** Scores by {@code detector}. */
  public static final String SCORE = "headgate_score";

  /** Images over the threshold, by {@code detector}. */
  public static final String FLAGGED = "headgate_flagged_total";

  /** max |sum of parts − embedding|, per image. */
  public static final String RESIDUAL = "headgate_completeness_residual";

  /** 1, labelled with {@code model}, {@code calibration}, {@code precision} and {@code policy}. */
  public static final String SERVING_INFO = "headgate_serving_info";

  /** Seconds since the calibration in use was made. */
  public static final String CALIBRATION_AGE = "headgate_calibration_age_seconds";

  /** Swaps by {@code what} (model, calibration) and {@code outcome} (done, failed). */
  public static final String SWAPS = "headgate_swaps_total";

  /** Duration of swaps by {@code what}, from the change being noticed to the switch. */
  public static final String SWAP_TIME = "headgate_swap_seconds";

  /** Engines held in memory: 2 while a swap drains. */
  public static final String ENGINES = "headgate_engines";

  /** 1 when calls are answered. */
  public static final String READY = "headgate_ready";

  /** Resident memory of the process: Java heap and native memory of the model together. */
  public static final String RESIDENT_MEMORY = "headgate_resident_memory_bytes";

  /** Resident memory less the Java heap in use: tensors, weights, buffers. */
  public static final String NATIVE_MEMORY = "headgate_native_memory_bytes";

  /** Values of {@code method} that are the inspector's. */
  static final Set<String> INSPECTOR_METHODS =
      Set.of(
          InspectorGrpc.getInspectMethod().getBareMethodName(),
          InspectorGrpc.getDescribeMethod().getBareMethodName());

  private static final double[] BATCH_SIZES = {1, 2, 4, 8, 12, 16, 24, 32, 48, 64, 128, 256};
  private static final double[] HEAD_COUNTS = {0.5, 1, 2, 3, 4, 5, 6, 8, 10, 12, 16, 24};
  private static final double[] RESIDUALS = {1e-7, 3e-7, 1e-6, 3e-6, 1e-5, 1e-4, 1e-3, 1e-2};
  private static final double[] SIMILARITIES = {
    -0.01, -0.003, -0.001, 0, 0.0005, 0.001, 0.002, 0.003, 0.005, 0.01, 0.02, 0.05, 0.1
  };
  private static final double[] SCORES = {
    -5, -2, -1, 0, 1, 2, 3, 5, 8, 12, 20, 50, 100, 200, 500, 1000
  };
  private static final Duration[] TIMES =
      List.of(1, 2, 5, 10, 20, 35, 50, 75, 100, 150, 250, 500, 1000, 2500, 5000, 10_000, 30_000)
          .stream()
          .map(Duration::ofMillis)
          .toArray(Duration[]::new);

  private final PrometheusMeterRegistry registry =
      new PrometheusMeterRegistry(PrometheusConfig.DEFAULT);
  private final AtomicInteger engines = new AtomicInteger();
  private final Timer queueTime = stage("queue");
  private final Timer inferenceTime = stage("inference");
  private final Timer totalTime = stage("total");
  private final DistributionSummary batchSizes =
      DistributionSummary.builder(BATCH_SIZE)
          .description("Images per device batch")
          .serviceLevelObjectives(BATCH_SIZES)
          .register(registry);
  private final DistributionSummary infectedHeads =
      DistributionSummary.builder(INFECTED_HEADS)
          .description("Infected heads per image")
          .serviceLevelObjectives(HEAD_COUNTS)
          .register(registry);
  private final DistributionSummary residuals =
      DistributionSummary.builder(RESIDUAL)
          .description("Largest distance of the sum of parts from the embedding, per image")
          .serviceLevelObjectives(RESIDUALS)
          .register(registry);
  private final Counter batchFailures =
      Counter.builder(BATCH_FAILURES)
          .description("Forward passes that failed, the parts of split batches included")
          .register(registry);
  private final Map<Enum<?>, Counter> images = new ConcurrentHashMap<>();
  private final Map<String, Counter> flagged = new ConcurrentHashMap<>();

  // Prometheus's own: Micrometer's summaries drop what is negative.
  private final Histogram similarity =
      Histogram.builder()
          .name(SIMILARITY)
          .help("Similarity of each last-layer head to its clean prototype")
          .labelNames("head")
          .withoutExemplars()
          .classicOnly()
          .classicUpperBounds(SIMILARITIES)
          .register(registry.getPrometheusRegistry());
  private final Histogram scores =
      Histogram.builder()
          .name(SCORE)
          .help("Scores by detector")
          .labelNames("detector")
          .withoutExemplars()
          .classicOnly()
          .classicUpperBounds(SCORES)
          .register(registry.getPrometheusRegistry());

  // Looking a series up by its labels costs more than observing.
  private final Map<Integer, DistributionDataPoint> similarityOf = new ConcurrentHashMap<>();
  private final Map<String, DistributionDataPoint> scoreOf = new ConcurrentHashMap<>();
  private final JvmGcMetrics gc = new JvmGcMetrics();
  private final List<Meter> ofEngine = new ArrayList<>();

  /** Prometheus's own: a gauge of Micrometer loses the suffix that makes it an info metric. */
  private final Info info =
      Info.builder()
          .name(SERVING_INFO)
          .help("1, labelled with what is served")
          .labelNames("model", "calibration", "precision", "policy")
          .register(registry.getPrometheusRegistry());

  ServingMetrics() {
    gauge(ENGINES, "Engines held in memory: two while a swap drains", engines::get);
    gauge(RESIDENT_MEMORY, "Resident memory of the process", ProcessMemory::residentBytes);
    gauge(
        NATIVE_MEMORY,
        "Resident memory less the Java heap in use",
        () -> Math.max(0, ProcessMemory.residentBytes() - ProcessMemory.heapBytes()));
    for (Rejection reason : Rejection.values()) {
      rejections(reason);
    }
    for (String what : List.of("model", "calibration")) { // from 0: an alert must see the first
      swaps(what, true);
      swaps(what, false);
    }
    new JvmMemoryMetrics().bindTo(registry);
    new JvmThreadMetrics().bindTo(registry);
    new ProcessorMetrics().bindTo(registry);
    gc.bindTo(registry);
  }

  private Timer stage(String stage) {
    return Timer.builder(STAGE)
        .description("Time by stage: queue per image, inference per batch, total per call")
        .tag("stage", stage)
        .serviceLevelObjectives(TIMES)
        .register(registry);
  }

  private void gauge(String name, String description, Supplier<Number> value) {
    Gauge.builder(name, value).description(description).strongReference(true).register(registry);
  }

  /** Shows what the batcher holds and how many calls run. */
  void observe(DynamicBatcher batcher, RequestTracer.Factory requests, Supplier<Boolean> ready) {
    gauge(IN_FLIGHT_REQUESTS, "Calls of the inspector that run now", requests::inFlight);
    gauge(QUEUE_ITEMS, "Images waiting", batcher::queuedItems);
    gauge(QUEUE_BYTES, "Bytes of pixels waiting", batcher::queuedBytes);
    gauge(BUSY_LANES, "Lanes that run a batch now", batcher::busyLanes);
    gauge(READY, "1 when calls are answered", () -> ready.get() ? 1 : 0);
  }

  /** In the text format of Prometheus. */
  String scrape() {
    return registry.scrape();
  }

  /** A method's name if it is one of ours; clients must not be able to invent label values. */
  static String methodLabel(String fullMethodName) {
    String service = MethodDescriptor.extractFullServiceName(fullMethodName);
    String method = MethodDescriptor.extractBareMethodName(fullMethodName);
    if (InspectorGrpc.SERVICE_NAME.equals(service) && INSPECTOR_METHODS.contains(method)) {
      return method;
    }
    return HealthGrpc.SERVICE_NAME.equals(service) ? "Health" : "other";
  }

  void requestEnded(String method, Status.Code status, long nanos) {
    Counter.builder(REQUESTS)
        .description("Calls by method and gRPC status")
        .tags("method", method, "status", status.name())
        .register(registry)
        .increment();
    if (method.equals("Inspect")) {
      totalTime.record(Duration.ofNanos(nanos));
    }
  }

  @Override
  public void batchEnded(int size, long inferenceNanos) {
    batchSizes.record(size);
    inferenceTime.record(Duration.ofNanos(inferenceNanos));
  }

  @Override
  public void itemWaited(long queueNanos) {
    queueTime.record(Duration.ofNanos(queueNanos));
  }

  @Override
  public void rejected(Rejection why) {
    rejections(why).increment();
  }

  private Counter rejections(Rejection reason) {
    return Counter.builder(REJECTIONS)
        .description("Calls turned away or dropped, by reason")
        .tag("reason", label(reason))
        .register(registry);
  }

  @Override
  public void batchFailed(int size, Throwable why) {
    batchFailures.increment();
  }

  @Override
  public void itemFailed(ItemOutcome.Code code) {
    images.computeIfAbsent(code, this::imagesOf).increment();
  }

  private Counter imagesOf(Enum<?> outcome) {
    return Counter.builder(IMAGES)
        .description("Images by outcome: the route, or the code of the item's error")
        .tag("outcome", label(outcome))
        .register(registry);
  }

  @Override
  public void itemJudged(BatchEngine engine, Judged judged) {
    ImageFigures figures = judged.figures();
    images.computeIfAbsent(figures.route(), this::imagesOf).increment();
    infectedHeads.record(figures.infectedHeads());
    residuals.record(figures.residual());
    float[] similarities = figures.similarities();
    if (figures.route() == ImageFigures.Route.CLEAN) {
      engine.drift().add(similarities);
    }
    for (int head = 0; head < similarities.length; head++) {
      similarityOf
          .computeIfAbsent(head, h -> similarity.labelValues(Integer.toString(h)))
          .observe(similarities[head]);
    }
    for (ImageFigures.Score score : figures.scores()) {
      scoreOf.computeIfAbsent(score.detector(), scores::labelValues).observe(score.value());
      Counter counter = flagged.computeIfAbsent(score.detector(), this::flaggedBy);
      if (score.flagged()) {
        counter.increment();
      }
    }
  }

  private Counter flaggedBy(String detector) {
    return Counter.builder(FLAGGED)
        .description("Images over the threshold, by detector")
        .tag("detector", detector)
        .register(registry);
  }

  private Counter swaps(String what, boolean done) {
    return Counter.builder(SWAPS)
        .description("Swaps by what was swapped and outcome")
        .tags("what", what, "outcome", done ? "done" : "failed")
        .register(registry);
  }

  void swapped(String what, boolean done, Duration took) {
    swaps(what, done).increment();
    if (done) {
      Timer.builder(SWAP_TIME)
          .description("Duration of swaps, from the change being noticed to the switch")
          .tag("what", what)
          .register(registry)
          .record(took);
    }
  }

  void engineLoaded() {
    engines.incrementAndGet();
  }

  void engineUnloaded() {
    engines.decrementAndGet();
  }

  /** What is served from now on; the series of what was served before go. */
  synchronized void serving(BatchEngine current) {
    EngineDescription engine = current.description();
    SimilarityDrift drift = current.drift();
    ofEngine.forEach(registry::remove);
    ofEngine.clear();
    info.setLabelValues(
        engine.ids().modelFingerprint(),
        engine.ids().calibrationId(),
        engine.precision(),
        engine.policy());
    ofEngine.add(
        Gauge.builder(CALIBRATION_AGE, () -> age(engine.calibratedAt()))
            .description("Seconds since the calibration in use was made")
            .strongReference(true)
            .register(registry));
    for (int head = 0; head < drift.heads(); head++) {
      int h = head;
      ofEngine.add(
          Gauge.builder(SIMILARITY_DRIFT, () -> drift.of(h))
              .description(
                  "Distance of the clean images' mean similarity from calibration; -1: at epsilon")
              .tags(Tags.of("head", Integer.toString(head)))
              .strongReference(true)
              .register(registry));
    }
  }

  private static double age(Instant since) {
    return Duration.between(since, Instant.now()).toMillis() / 1e3;
  }

  private static String label(Enum<?> value) {
    return value.name().toLowerCase(Locale.ROOT);
  }

  void close() {
    gc.close();
    registry.close();
  }
}
