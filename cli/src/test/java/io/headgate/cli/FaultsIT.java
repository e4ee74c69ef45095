package io.headgate.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Two minutes of {@code headgate lab faults}, with real processes; {@code -Dfaults.events=20000
 * -Dfaults.kills=60} makes it the long run.
 */
class FaultsIT {
  @TempDir private Path folder;

  @Test
  void routesEveryEventExactlyOnceWhateverDies() throws Exception {
    int events = Integer.getInteger("faults.events", 1_000);
    int kills = Integer.getInteger("faults.kills", 7);
    Path json = folder.resolve("faults.json");

    int exit =
        Headgate.execute(
            Map.of(),
            "lab",
            "faults",
            "--events",
            Integer.toString(events),
            "--kills",
            Integer.toString(kills),
            "--seed",
            Long.toString(Long.getLong("faults.seed", 1)),
            "--json",
            json.toString());

    JsonNode figures = new ObjectMapper().readTree(json.toFile());
    assertThat(figures.path("offending").toPrettyString()).isEqualTo("{ }");
    assertThat(figures.path("exactly_once").asBoolean()).isTrue();
    assertThat(figures.path("events").asInt()).isEqualTo(events);
    assertThat(figures.path("kills").asInt()).isEqualTo(kills);
    assertThat(figures.path("behind").asLong()).isZero();
    assertThat(exit).isZero();
  }

  @Test
  void namesWhatIsWrongWithItsOptions() {
    assertThat(Headgate.execute(Map.of(), "lab", "faults", "--kills", "1")).isEqualTo(2);
    assertThat(Headgate.execute(Map.of(), "lab", "faults", "--registry-home", folder.toString()))
        .isEqualTo(1);
  }
}
