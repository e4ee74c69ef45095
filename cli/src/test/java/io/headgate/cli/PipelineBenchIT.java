package io.headgate.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** That everything is measured; how fast it is, a shared machine cannot say. */
class PipelineBenchIT {
  @Test
  void measuresEverythingInOneRun(@TempDir Path folder) throws Exception {
    Path json = folder.resolve("pipeline.json");

    int exit =
        Headgate.execute(
            Map.of(), "bench", "--pipeline", "--phase-seconds", "1", "--json", json.toString());

    assertThat(exit).isZero();
    JsonNode figures = new ObjectMapper().readTree(json.toFile());
    assertThat(figures.at("/direct_images_per_second").asDouble()).isPositive();
    for (int i = 0; i < 2; i++) {
      JsonNode saturated = figures.at("/saturated/" + i);
      assertThat(saturated.at("/threads").asInt()).isEqualTo(i + 1);
      assertThat(saturated.at("/events_per_second").asDouble()).isPositive();
      assertThat(saturated.at("/share_of_direct").asDouble()).isPositive();
      assertThat(saturated.at("/batch_fullness").asDouble()).isBetween(0.01, 1.0);
    }
    assertThat(figures.at("/blocking/events_per_second").asDouble()).isPositive();
    assertThat(figures.at("/idle/p50_ms").asDouble())
        .isPositive()
        .isLessThanOrEqualTo(figures.at("/idle/p95_ms").asDouble());
    assertThat(figures.at("/setting/commit_interval_ms").asLong()).isEqualTo(100);
    assertThat(figures.at("/large/image_bytes").asLong()).isBetween(180_000L, 200_000L);
    assertThat(figures.at("/large/heap_peak_bytes").asDouble()).isBetween(1.0, 512.0 * (1 << 20));
    assertThat(figures.at("/targets")).hasSize(5);
  }

  @Test
  void wantsExactlyOneThingToMeasure() {
    assertThat(Headgate.execute(Map.of(), "bench")).isEqualTo(2);
    assertThat(Headgate.execute(Map.of(), "bench", "--pipeline", "--service", "127.0.0.1:1"))
        .isEqualTo(2);
  }
}
