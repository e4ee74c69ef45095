package io.headgate.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * A service that is asked for twice what it can do: half a minute of it, or as long as {@code
 * -Dheadgate.soak.seconds=600} says.
 */
class OverloadSoakTest {
  private static final int SECONDS = Integer.getInteger("headgate.soak.seconds", 30);

  @TempDir private Path folder;

  @Test
  void overloadOnlyTurnsCallsAwayAndLeavesNoTrace() throws Exception {
    Path calibration = folder.resolve("calibration.json");
    ServeProcess.calibrate(calibration, 1);
    try (ServeProcess serve =
        ServeProcess.start(
                folder,
                Map.of(),
                "serve",
                "--model",
                ServeProcess.MODEL.toString(),
                "--calibration",
                calibration.toString(),
                "--port",
                "0",
                "--http-port",
                "0")
            .awaitServing()) {
      double capacity =
          serve
              .bench(
                  folder,
                  "--callers",
                  "64",
                  "--warm-up-seconds", // young code is half as fast, and twice that no overload
                  Integer.toString(Math.min(30, SECONDS / 3)),
                  "--seconds",
                  "5")
              .path("images_per_second")
              .asDouble();
      List<Double> memory = new CopyOnWriteArrayList<>();
      CompletableFuture<JsonNode> load =
          CompletableFuture.supplyAsync(
              () -> {
                try {
                  return serve.bench(
                      folder,
                      "--callers",
                      "4000",
                      "--rate",
                      String.format(Locale.ROOT, "%.0f", 2 * capacity),
                      "--seconds",
                      Integer.toString(SECONDS),
                      "--deadline",
                      "2s");
                } catch (java.io.IOException e) {
                  throw new java.io.UncheckedIOException(e);
                }
              });
      while (!load.isDone()) {
        assertThat(serve.get("/livez").statusCode()).isEqualTo(200);
        assertThat(serve.get("/readyz").statusCode()).isEqualTo(200);
        memory.add(serve.metric("headgate_resident_memory_bytes"));
        try {
          load.get(1, TimeUnit.SECONDS);
        } catch (java.util.concurrent.TimeoutException stillRunning) {
          // Look again.
        }
      }
      JsonNode figures = load.get();
      double waiting = serve.metric("headgate_queue_items");
      JsonNode after =
          serve.bench(folder, "--callers", "1", "--seconds", "1", "--warm-up-seconds", "0");

      report(capacity, figures, after, memory);
      assertThat(figures.path("images").asInt()).isPositive();
      assertThat(figures.path("resource_exhausted").asInt()).isPositive();
      assertThat(figures.path("other_errors").asInt()).isZero();
      assertThat(figures.path("item_errors").asInt()).isZero();
      assertThat(waiting).isZero();
      assertThat(after.path("images").asInt()).isPositive();
      for (String bad : List.of("resource_exhausted", "deadline_exceeded", "other_errors")) {
        assertThat(after.path(bad).asInt()).as(bad).isZero();
      }
      // Flat: what the second half peaks at is what the first half had come to.
      double first = Collections.max(memory.subList(0, memory.size() / 2));
      double second = Collections.max(memory.subList(memory.size() / 2, memory.size()));
      assertThat(second).isLessThan(1.2 * first + (64 << 20));
      assertThat(serve.err()).doesNotContain("ERROR", "WARN");
    }
  }

  private static void report(
      double capacity, JsonNode figures, JsonNode after, List<Double> memory) {
    System.out.printf(
        Locale.ROOT,
        "overload: capacity %.0f/s, asked %.0f/s for %d s: %d answered (%.0f/s), %d RESOURCE_EXHAUSTED,"
            + " %d DEADLINE_EXCEEDED, %d unsent, %d other errors; p99 %.0f ms; last answer %.2f s after"
            + " the load ended; a single caller then: p50 %.1f ms, max %.1f ms; resident memory %.0f MB"
            + " at first, %.0f MB in the middle, %.0f MB at last, %.0f MB at most%n",
        capacity,
        figures.path("rate_calls_per_second").asDouble(),
        SECONDS,
        figures.path("answered_calls").asLong(),
        figures.path("images_per_second").asDouble(),
        figures.path("resource_exhausted").asLong(),
        figures.path("deadline_exceeded").asLong(),
        figures.path("unsent_calls").asLong(),
        figures.path("other_errors").asLong(),
        figures.path("latency_p99_ms").asDouble(),
        Math.max(0, figures.path("seconds").asDouble() - SECONDS),
        after.path("latency_p50_ms").asDouble(),
        after.path("latency_max_ms").asDouble(),
        memory.get(0) / (1 << 20),
        memory.get(memory.size() / 2) / (1 << 20),
        memory.get(memory.size() - 1) / (1 << 20),
        Collections.max(memory) / (1 << 20));
  }
}
