package io.headgate.doctor;

import com.fasterxml.jackson.annotation.JsonProperty;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import io.headgate.console.Console;
import io.headgate.stream.command.GuardOptions;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code headgate doctor}. */
@Command(
    name = "doctor",
    mixinStandardHelpOptions = true,
    abbreviateSynopsis = true,
    sortOptions = false,
    description = {
      "Checks what a guard needs, with the guard's own options: timing budget, brokers, topics, permissions (ACLs), schema registry, model service, calibration, claim folders. Says what to fix.",
      "Takes the options, environment (HEADGATE_…, KAFKA_…, SCHEMA_REGISTRY_…) and settings file of 'headgate guard'. Changes nothing, and disturbs no guard that runs.",
      "Exit code 1 when something is wrong, 0 when not; warnings alone are 0."
    },
    footer = {
      "",
      "Example:",
      "  headgate doctor --bootstrap kafka:9092 --registry http://registry:8081 --service dns:///models:7860"
    })
public final class DoctorCommand implements Callable<Integer> {
  @Spec private CommandSpec command;
  @Mixin private GuardOptions options;

  @Option(names = "--config", paramLabel = "FILE", description = "The guard's settings file.")
  private Path config;

  @Option(names = "--json", description = "Print the result as JSON.")
  private boolean json;

  /** For picocli. */
  public DoctorCommand() {}

  /** What is printed as JSON. */
  record Report(@JsonProperty("ok") boolean ok, @JsonProperty("findings") List<Finding> findings) {}

  @Override
  public Integer call() throws IOException {
    List<Finding> findings = new Doctor(options.config()).examine();
    boolean ok = findings.stream().noneMatch(f -> f.state() == Finding.State.PROBLEM);
    PrintWriter out = command.commandLine().getOut();
    if (json) {
      out.println(
          new ObjectMapper()
              .enable(SerializationFeature.INDENT_OUTPUT)
              .writeValueAsString(new Report(ok, findings)));
    } else {
      findings.forEach(finding -> print(finding, out));
      out.println(summary(findings));
    }
    out.flush();
    return ok ? Console.OK : Console.FAILED;
  }

  private static void print(Finding finding, PrintWriter out) {
    String state =
        finding.state() == Finding.State.OK
            ? "ok"
            : finding.state().text().toUpperCase(Locale.ROOT);
    out.printf("%-8s %-13s  %s%n", state, finding.check().text(), finding.detail());
    if (!finding.remedy().isEmpty()) {
      out.printf("%-8s %-13s  -> %s%n", "", "", finding.remedy());
    }
  }

  private static String summary(List<Finding> findings) {
    long problems = findings.stream().filter(f -> f.state() == Finding.State.PROBLEM).count();
    long warnings = findings.stream().filter(f -> f.state() == Finding.State.WARNING).count();
    return problems == 0 && warnings == 0
        ? "all is well"
        : "%d problem%s, %d warning%s"
            .formatted(problems, problems == 1 ? "" : "s", warnings, warnings == 1 ? "" : "s");
  }
}
