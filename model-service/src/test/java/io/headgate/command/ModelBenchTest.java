package io.headgate.command;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.headgate.console.Console;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** The model's part of {@code headgate bench}; what it measures is not judged here. */
class ModelBenchTest {
  @Command(name = "bench", mixinStandardHelpOptions = true)
  private static final class Bench implements Callable<Integer> {
    @Spec private CommandSpec spec;
    @Mixin private ModelBench model;

    @Option(names = "--json")
    private Path json;

    @Override
    public Integer call() throws Exception {
      model.run(json, spec.commandLine().getOut());
      return Console.OK;
    }
  }

  @Test
  void printsAndWritesEveryFigure(@TempDir Path folder) throws Exception {
    Path model = Path.of(getClass().getResource("/fixtures/tiny-gelu").toURI());
    Path file = folder.resolve("bench.json");
    StringWriter out = new StringWriter();

    int exit =
        bench(out, new StringWriter())
            .execute(
                "--model", model.toString(),
                "--batch", "1,2",
                "--variant-seconds", "0.01",
                "--threads", "1",
                "--json", file.toString());

    assertThat(exit).isEqualTo(Console.OK);
    assertThat(out.toString())
        .contains("fast+parts   batch 2")
        .contains("x plain")
        .contains("parts cost")
        .contains("bf16 against fp32")
        .contains("MB resident")
        .contains("of the JDK's decode alone");
    JsonNode json = new ObjectMapper().readTree(file.toFile());
    assertThat(json.path("threads").asInt()).isEqualTo(1);
    assertThat(json.path("speeds").findValuesAsText("variant"))
        .containsExactly(
            "plain",
            "fast",
            "fast+parts",
            "bf16",
            "bf16+parts",
            "plain",
            "fast",
            "fast+parts",
            "bf16",
            "bf16+parts");
    for (JsonNode speed : json.path("speeds")) {
      assertThat(speed.path("images_per_second").asDouble()).isPositive();
      assertThat(speed.path("over_plain").asDouble()).isPositive();
      assertThat(speed.has("parts_overhead"))
          .isEqualTo(speed.path("variant").asText().endsWith("+parts"));
    }
    assertThat(json.path("bf16_self_test").path("embedding_cosine").asDouble())
        .isBetween(0.99, 1.0001);
    assertThat(json.path("footprints")).hasSize(3);
    for (JsonNode footprint : json.path("footprints")) {
      assertThat(footprint.path("peak_resident_bytes").asLong()).isPositive();
      assertThat(footprint.path("first_result_seconds").asDouble()).isPositive();
    }
    assertThat(json.path("decode").path("images_per_second").asDouble()).isPositive();
    assertThat(json.path("decode").path("time_over_jdk_decode").asDouble()).isPositive();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "--random ViT-B-32 --batch 0            | --batch [0]",
        "--random ViT-B-32 --variant-seconds 0  | --variant-seconds 0.0",
        "--random ViT-B-32 --variants quick     | --variants quick",
        "--random ViT-X                         | ViT-L-14-336",
        "--random ViT-B-32 --model m            | --model with --random",
      })
  void refusesACommandLineWithoutSense(String arguments, String problem) {
    StringWriter err = new StringWriter();

    int exit = bench(new StringWriter(), err).execute(arguments.split(" "));

    assertThat(exit).isEqualTo(Console.USAGE);
    assertThat(err.toString()).contains(problem).contains("expected");
  }

  private static CommandLine bench(StringWriter out, StringWriter err) {
    return Console.configure(new CommandLine(new Bench()))
        .setOut(new PrintWriter(out))
        .setErr(new PrintWriter(err));
  }
}
