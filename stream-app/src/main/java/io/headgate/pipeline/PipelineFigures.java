package io.headgate.pipeline;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * What was measured, all in one run.
 *
 * @param direct the service alone, full calls of decoded images
 * @param directCpu processor time of the service for one image meanwhile
 * @param saturated the guard with a backlog of small images, by stream threads
 * @param large the guard with a backlog of large ones
 */
record PipelineFigures(
    Setting setting,
    @JsonProperty("direct_images_per_second") double direct,
    @JsonProperty("direct_service_cpu_ms_per_image") double directCpu,
    List<Saturated> saturated,
    Blocking blocking,
    Idle idle,
    Large large,
    List<Target> targets) {
  /** What everything was measured with. */
  record Setting(
      int processors,
      String model,
      int batch,
      @JsonProperty("in_flight") int inFlight,
      int partitions,
      @JsonProperty("commit_interval_ms") long commitIntervalMillis,
      @JsonProperty("small_image_bytes") long smallImageBytes,
      @JsonProperty("heap_limit_bytes") long heapLimitBytes) {}

  /**
   * @param fullness mean images per call, as a share of the largest call
   * @param cpu processor time by process, of which the service's is also in {@code direct}
   */
  record Saturated(
      int threads,
      int events,
      @JsonProperty("events_per_second") double eventsPerSecond,
      @JsonProperty("share_of_direct") double shareOfDirect,
      @JsonProperty("batch_fullness") double fullness,
      @JsonProperty("decode_ms") double decodeMillis,
      @JsonProperty("cpu_ms_per_event") Map<String, Double> cpu) {}

  /** One blocking call per record. */
  record Blocking(
      int threads,
      int events,
      @JsonProperty("events_per_second") double eventsPerSecond,
      @JsonProperty("guard_is_faster_by") double guardIsFasterBy) {}

  /** From submission until a reader of committed records has it, one event at a time. */
  record Idle(
      int events,
      @JsonProperty("p50_ms") double p50,
      @JsonProperty("p95_ms") double p95,
      @JsonProperty("max_ms") double max) {}

  /** Large JPEGs. */
  record Large(
      @JsonProperty("image_bytes") long imageBytes,
      int events,
      @JsonProperty("events_per_second") double eventsPerSecond,
      @JsonProperty("batch_fullness") double fullness,
      @JsonProperty("decode_ms") double decodeMillis,
      @JsonProperty("heap_peak_bytes") double heapPeakBytes) {}

  /** One promise. */
  record Target(String name, String wanted, double measured, boolean met) {}

  /** For people. */
  String text() {
    StringBuilder text = new StringBuilder();
    line(
        text,
        "service alone    %,.0f images/s (batches of %d, %d calls open, %d processors); %.2f ms of processor each",
        direct,
        setting.batch(),
        setting.inFlight(),
        setting.processors(),
        directCpu);
    for (Saturated one : saturated) {
      line(
          text,
          "guard, %d thread%s %,.0f events/s, %.0f %% of that; batches %.0f %% full; decoding %.2f ms",
          one.threads(),
          one.threads() == 1 ? " " : "s",
          one.eventsPerSecond(),
          100 * one.shareOfDirect(),
          100 * one.fullness(),
          one.decodeMillis());
      line(text, "                 processor time, ms an event: %s", cpu(one.cpu()));
    }
    line(
        text,
        "blocking calls   %,.0f events/s with %d threads; the guard is faster by %.1f",
        blocking.eventsPerSecond(),
        blocking.threads(),
        blocking.guardIsFasterBy());
    line(
        text,
        "idle latency     p50 %.0f ms, p95 %.0f ms, max %.0f ms (commit interval %d ms, exactly once)",
        idle.p50(),
        idle.p95(),
        idle.max(),
        setting.commitIntervalMillis());
    line(
        text,
        "%,d kB JPEGs     %,.0f events/s; batches %.0f %% full; decoding %.1f ms; heap at most %.0f MB of %d MB",
        large.imageBytes() / 1000,
        large.eventsPerSecond(),
        100 * large.fullness(),
        large.decodeMillis(),
        large.heapPeakBytes() / (1 << 20),
        setting.heapLimitBytes() >> 20);
    for (Target target : targets) {
      line(
          text,
          "%-6s %s: %.2f (wanted: %s)",
          target.met() ? "met" : "MISSED",
          target.name(),
          target.measured(),
          target.wanted());
    }
    return text.toString();
  }

  private static String cpu(Map<String, Double> millis) {
    return millis.entrySet().stream()
        .map(e -> String.format(Locale.ROOT, "%s %.2f", e.getKey(), e.getValue()))
        .collect(Collectors.joining(", "));
  }

  private static void line(StringBuilder text, String format, Object... values) {
    text.append(String.format(Locale.ROOT, format, values)).append('\n');
  }
}
