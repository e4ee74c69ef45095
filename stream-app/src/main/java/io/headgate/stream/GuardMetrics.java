package io.headgate.stream;

import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.DistributionSummary;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.IntSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What the guard counts. The names are part of its contract. */
public final class GuardMetrics {
  /** Records routed, by {@link #ROUTE}: clean, repaired, quarantined, dead_letter. */
  public static final String ROUTED = "headgate_guard_routed_total";

  /** Dead letters, by {@link #CODE}. */
  public static final String DEAD_LETTERS = "headgate_guard_dead_letters_total";

  /** Images routed unjudged by the outage policy. */
  public static final String UNVERIFIED = "headgate_guard_unverified_total";

  /** Images whose id was routed before, as far as remembered. */
  public static final String DUPLICATES = "headgate_guard_duplicates_total";

  /** How long a stream thread waited for an outcome. */
  public static final String WAIT = "headgate_guard_wait_seconds";

  /** From a record's timestamp to its routing. */
  public static final String LATENCY = "headgate_guard_latency_seconds";

  /** Decoding, resizing and hashing one image. */
  public static final String DECODE = "headgate_guard_decode_seconds";

  /** Size of encoded images. */
  public static final String IMAGE_BYTES = "headgate_guard_image_bytes";

  /** Records polled and not yet judged. */
  public static final String PENDING = "headgate_guard_pending_records";

  /** Attempts that found the schema registry unavailable. */
  public static final String REGISTRY_RETRIES = "headgate_guard_registry_retries_total";

  /** 1 while the schema registry is unavailable. */
  public static final String REGISTRY_OUTAGE = "headgate_guard_registry_outage";

  /** Label of {@link #ROUTED}. */
  public static final String ROUTE = "route";

  /** Label of {@link #DEAD_LETTERS}. */
  public static final String CODE = "code";

  private static final Logger log = LoggerFactory.getLogger(GuardMetrics.class);

  private final MeterRegistry registry;
  private final Map<Route, Counter> routed = new EnumMap<>(Route.class);
  private final Map<DeadLetterCode, Counter> deadLetters = new EnumMap<>(DeadLetterCode.class);
  private final Counter unverified;
  private final Counter duplicates;
  private final Timer wait;
  private final Timer latency;
  private final Timer decode;
  private final DistributionSummary imageBytes;
  private final Counter registryRetries;
  private final AtomicLong registryOutage = new AtomicLong();

  GuardMetrics(MeterRegistry registry) {
    this.registry = registry;
    for (Route route : Route.values()) {
      routed.put(
          route,
          Counter.builder(ROUTED)
              .description("Records routed, by route.")
              .tag(ROUTE, route.name().toLowerCase(java.util.Locale.ROOT))
              .register(registry));
    }
    for (DeadLetterCode code : DeadLetterCode.values()) {
      deadLetters.put(
          code,
          Counter.builder(DEAD_LETTERS)
              .description("Records that could not be judged, by code.")
              .tag(CODE, code.name())
              .register(registry));
    }
    this.unverified =
        Counter.builder(UNVERIFIED)
            .description("Images routed unjudged by the outage policy.")
            .register(registry);
    this.duplicates =
        Counter.builder(DUPLICATES)
            .description("Images whose id was routed before, as far as remembered.")
            .register(registry);
    this.wait =
        Timer.builder(WAIT)
            .description("How long a stream thread waited for an outcome.")
            .register(registry);
    this.latency =
        Timer.builder(LATENCY)
            .description("From a record's timestamp to its routing.")
            .publishPercentileHistogram()
            .register(registry);
    this.decode =
        Timer.builder(DECODE)
            .description("Decoding, resizing and hashing one image.")
            .register(registry);
    this.imageBytes =
        DistributionSummary.builder(IMAGE_BYTES)
            .description("Size of encoded images.")
            .register(registry);
    this.registryRetries =
        Counter.builder(REGISTRY_RETRIES)
            .description("Attempts that found the schema registry unavailable.")
            .register(registry);
    Gauge.builder(REGISTRY_OUTAGE, registryOutage, AtomicLong::get)
        .description("1 while the schema registry is unavailable.")
        .register(registry);
  }

  void routed(Routed record, long latencyMillis) {
    routed.get(record.route()).increment();
    record.deadLetter().ifPresent(code -> deadLetters.get(code).increment());
    if (record.unverified()) {
      unverified.increment();
    }
    if (latencyMillis >= 0) { // clocks differ, and timestamps are the submitter's
      latency.record(latencyMillis, TimeUnit.MILLISECONDS);
    }
  }

  void duplicate() {
    duplicates.increment();
  }

  void waited(long nanos) {
    wait.record(nanos, TimeUnit.NANOSECONDS);
  }

  void decoded(long nanos, int bytes) {
    decode.record(nanos, TimeUnit.NANOSECONDS);
    imageBytes.record(bytes);
  }

  void pending(IntSupplier records) {
    // nobody else may hold the supplier, and a gauge that lost it says NaN
    Gauge.builder(PENDING, records, IntSupplier::getAsInt)
        .strongReference(true)
        .description("Records polled and not yet judged.")
        .register(registry);
  }

  void registryRetry(Throwable e) {
    registryRetries.increment();
    if (registryOutage.compareAndSet(0, 1)) {
      log.warn("the schema registry is unavailable: {}; retrying, events wait", e.getMessage());
    }
  }

  void registryAnswered() {
    if (registryOutage.get() != 0 && registryOutage.compareAndSet(1, 0)) {
      log.info("the schema registry answers again");
    }
  }

  boolean isRegistryOut() {
    return registryOutage.get() != 0;
  }
}
