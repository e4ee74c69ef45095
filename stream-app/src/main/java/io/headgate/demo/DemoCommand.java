package io.headgate.demo;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import io.headgate.broker.EmbeddedBroker;
import io.headgate.console.Console;
import io.headgate.console.UserException;
import io.headgate.samples.ReferenceSet;
import java.io.IOException;
import java.io.PrintWriter;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code headgate demo}. */
@Command(
    name = "demo",
    mixinStandardHelpOptions = true,
    description = {
      "Shows the guard at work: clean, triggered and corrupt images through the whole pipeline.",
      "",
      "Starts a Kafka broker, the model service (gRPC on loopback) and the guard in this process, submits real images to a model that an attack has backdoored, and counts where every one of them ended. Needs nothing that runs already and leaves nothing behind. Exit code 0 only when every event was routed exactly once."
    },
    footer = {
      "",
      "Examples:",
      "  headgate demo                                  one attack, 600 events",
      "  headgate demo --attack all --events 1500       all attacks in turn",
      "  headgate demo --json figures.json --keep out   figures for scripts; verdicts, calibration and log kept"
    })
public final class DemoCommand implements Callable<Integer> {
  private static final String ALL = "all";
  private static final long LEAST_HEAP_BYTES = 300L << 20;
  private static final long LEAST_FREE_BYTES = 900L << 20;

  @Option(
      names = "--attack",
      paramLabel = "NAME",
      defaultValue = "badnet8",
      description =
          "Whose trigger the images carry, or 'all' to take the attacks in turn (default: ${DEFAULT-VALUE}).")
  private String attack;

  @Option(
      names = "--model",
      paramLabel = "DIR",
      description = "Model to guard (default: the reference model that the attack has backdoored).")
  private Path model;

  @Option(
      names = "--events",
      paramLabel = "N",
      defaultValue = "600",
      description =
          "Number of events, over all attacks: half of them triggered, half clean, a handful corrupt; with more events than images, images are used again under fresh ids (default: ${DEFAULT-VALUE}).")
  private int events;

  @Option(
      names = "--json",
      paramLabel = "FILE",
      description = "Write the figures there as JSON; '-' is standard output.")
  private Path json;

  @Option(
      names = "--keep",
      paramLabel = "DIR",
      description =
          "Keep the figures, the outcome of every event, the calibration and the log there.")
  private Path keep;

  @Option(
      names = "--reference",
      paramLabel = "DIR",
      description =
          "Folder with the reference models and images (default: 'reference' of this installation).")
  private Path reference;

  @Option(
      names = "--port",
      paramLabel = "PORT",
      description =
          "Port of the broker, for looking in with tools of your own (default: any free one).")
  private Integer port;

  @Option(
      names = "--seed",
      defaultValue = "1",
      description = "Seed of ids and order (default: ${DEFAULT-VALUE}).")
  private long seed;

  @Spec private CommandSpec command;

  /** For picocli. */
  public DemoCommand() {}

  @Override
  public Integer call() throws Exception {
    DemoOptions options = options();
    requireMemory();
    Demo.Result result;
    try (DemoLog log = DemoLog.quiet(options.keep().map(dir -> dir.resolve("headgate.log")));
        Workspace workspace = Workspace.open()) {
      result = new Demo(options, workspace).run();
    }
    Figures figures = Figures.of(result.rounds());
    report(result, figures);
    return figures.exactlyOnce() ? Console.OK : Console.FAILED;
  }

  private ParameterException usage(String message) {
    return new ParameterException(command.commandLine(), message);
  }

  private DemoOptions options() throws IOException {
    ReferenceSet set = ReferenceSet.find(reference);
    List<String> known = set.attacks();
    if (!attack.equals(ALL) && !known.contains(attack)) {
      throw usage(
          "--attack: %s (expected: %s, or %s)".formatted(attack, String.join(", ", known), ALL));
    }
    List<String> attacks = attack.equals(ALL) ? known : List.of(attack);
    if (events < attacks.size()) {
      throw usage("--events: %d (expected: at least %d)".formatted(events, attacks.size()));
    }
    if (port != null && (port < 1 || port > 65_535)) {
      throw usage("--port: %d (expected: 1 to 65535)".formatted(port));
    }
    if (port != null) {
      EmbeddedBroker.requireFree(port);
    }
    if (json != null && !json.toString().equals("-")) {
      Path parent = json.toAbsolutePath().getParent();
      if (Files.isDirectory(json) || parent == null || !Files.isWritable(parent)) {
        throw new UserException(
            "--json: %s (expected: a file in a folder that exists and can be written to)"
                .formatted(json));
      }
    }
    if (keep != null) {
      if (Files.exists(keep) && !Files.isDirectory(keep)) {
        throw new UserException("--keep: %s (expected: a folder; it is a file)".formatted(keep));
      }
      Files.createDirectories(keep);
    }
    DemoOptions options =
        new DemoOptions(
            set,
            Optional.ofNullable(model),
            attacks,
            events,
            Optional.ofNullable(port),
            seed,
            Optional.ofNullable(keep));
    for (String name : attacks) {
      Path folder = options.modelFor(name);
      if (!Files.isDirectory(folder)) {
        throw new UserException(
            "model: %s (expected: a folder with weights, configuration and classes.json); give it with --model DIR"
                .formatted(folder));
      }
    }
    return options;
  }

  private static void requireMemory() throws IOException {
    long heap = Runtime.getRuntime().maxMemory();
    if (heap < LEAST_HEAP_BYTES) {
      throw new UserException(
          "memory: %d MB of Java heap (expected: at least %d MB, for broker, guard and service together); give more with HEADGATE_OPTS=-Xmx1g"
              .formatted(heap >> 20, LEAST_HEAP_BYTES >> 20));
    }
    Path meminfo = Path.of("/proc/meminfo");
    if (Files.isReadable(meminfo)) {
      for (String line : Files.readAllLines(meminfo)) {
        if (line.startsWith("MemAvailable:")) {
          long free = Long.parseLong(line.replaceAll("\\D", "")) << 10;
          if (free < LEAST_FREE_BYTES) {
            throw new UserException(
                "memory: %d MB available on this machine (expected: at least %d MB); stop other programs first"
                    .formatted(free >> 20, LEAST_FREE_BYTES >> 20));
          }
        }
      }
    }
  }

  private void report(Demo.Result result, Figures figures) throws IOException {
    PrintWriter out = command.commandLine().getOut();
    ObjectMapper mapper = new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);
    String text =
        ReportText.of(
            result.rounds(),
            figures,
            result.phases(),
            Duration.ofMillis(ManagementFactory.getRuntimeMXBean().getUptime()));
    if (json != null && json.toString().equals("-")) {
      command.commandLine().getErr().print(text);
      command.commandLine().getErr().flush();
      out.println(mapper.writeValueAsString(figures));
    } else {
      out.print(text);
      if (json != null) {
        Files.writeString(json, mapper.writeValueAsString(figures) + "\n");
      }
    }
    out.flush();
    if (keep != null) {
      Files.writeString(keep.resolve("figures.json"), mapper.writeValueAsString(figures) + "\n");
      Files.writeString(keep.resolve("report.txt"), text);
      Files.write(keep.resolve("events.jsonl"), outcomes(result.rounds()));
    }
  }

  private static List<String> outcomes(List<Round> rounds) {
    ObjectMapper mapper = new ObjectMapper();
    return rounds.stream()
        .flatMap(
            round ->
                round.ledger().submitted().entrySet().stream()
                    .map(
                        entry -> {
                          Outcome outcome = round.ledger().outcomes().get(entry.getKey());
                          Map<String, Object> line = new LinkedHashMap<>();
                          line.put("id", entry.getKey());
                          line.put("attack", round.attack());
                          line.put("truth", entry.getValue().truth());
                          line.put("file", entry.getValue().name());
                          line.put("label", entry.getValue().label());
                          line.put("route", outcome == null ? "LOST" : outcome.route());
                          line.put("label_before", outcome == null ? "" : outcome.labelBefore());
                          line.put("label_after", outcome == null ? "" : outcome.labelAfter());
                          line.put("error_code", outcome == null ? "" : outcome.detail());
                          return mapper.valueToTree(line).toString();
                        }))
        .toList();
  }
}
