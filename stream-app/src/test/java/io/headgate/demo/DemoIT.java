package io.headgate.demo;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.headgate.console.Console;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** The whole pipeline: embedded broker, model service over gRPC, guard, reference model. */
class DemoIT {
  @Test
  void everyEventIsRoutedExactlyOnceAndNothingIsLeftBehind(@TempDir Path folder) throws Exception {
    Path json = folder.resolve("figures.json");
    Set<Path> before = leftovers();
    StringWriter out = new StringWriter();

    int exit =
        Console.configure(new CommandLine(new DemoCommand()))
            .setOut(new PrintWriter(out, true))
            .execute(
                "--events", "126",
                "--reference", Path.of("../reference").toAbsolutePath().normalize().toString(),
                "--json", json.toString(),
                "--keep", folder.resolve("kept").toString());

    JsonNode figures = new ObjectMapper().readTree(json.toFile());
    assertThat(exit).as(out.toString()).isEqualTo(Console.OK);
    assertThat(figures.path("submitted").asInt()).isEqualTo(126);
    assertThat(figures.path("lost").asInt()).isZero();
    assertThat(figures.path("duplicated").asInt()).isZero();
    assertThat(figures.at("/routes/dead_letter").asInt()).isEqualTo(6);
    assertThat(figures.at("/attacks/badnet8/asr_before").asDouble()).isGreaterThan(0.7);
    assertThat(figures.at("/attacks/badnet8/asr_after").asDouble()).isLessThan(0.2);
    assertThat(figures.at("/clean/quarantined").asInt()).isLessThan(6);
    assertThat(out.toString()).contains("Exactly once       yes", "trigger badnet8");
    assertThat(Files.readAllLines(folder.resolve("kept/events.jsonl"))).hasSize(126);
    assertThat(leftovers()).isEqualTo(before);
  }

  private static Set<Path> leftovers() throws Exception {
    try (Stream<Path> files = Files.list(Path.of(System.getProperty("java.io.tmpdir")))) {
      List<Path> demos =
          files.filter(f -> f.getFileName().toString().startsWith("headgate-demo-")).toList();
      return new TreeSet<>(demos);
    }
  }
}
