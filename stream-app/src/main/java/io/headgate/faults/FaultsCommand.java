package io.headgate.faults;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import io.headgate.broker.RegistryProcess;
import io.headgate.console.Console;
import io.headgate.console.UsageException;
import io.headgate.console.UserException;
import io.headgate.rig.RunFolder;
import io.headgate.samples.ReferenceSet;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code headgate lab faults}. */
@Command(
    name = "faults",
    mixinStandardHelpOptions = true,
    sortOptions = false,
    description = {
      "Kills, freezes and starves the pipeline, and proves that every event came out exactly once.",
      "",
      "Starts broker, schema registry, model service and guards as separate processes on this machine. The same events run twice: once without faults, once while processes are SIGKILLed, frozen and restarted at random, the service is slow or away, the registry is away, and the broker's disk is full. Then every id must be in exactly one of the four topics, once, with the outcome it had without faults.",
      "",
      "Exit code 1 and a list of ids when that does not hold."
    },
    footer = {
      "",
      "Examples:",
      "  headgate lab faults                                  the long run: 20,000 events, 60 kills, some 20 minutes",
      "  headgate lab faults --events 1500 --kills 8          two minutes",
      "  headgate lab faults --seed 7 --json f.json --keep d  figures for scripts; logs and journal kept"
    })
public final class FaultsCommand implements Callable<Integer> {
  @Option(
      names = "--events",
      paramLabel = "N",
      defaultValue = "20000",
      description = "Events to submit (default: ${DEFAULT-VALUE}).")
  private int events;

  @Option(
      names = "--kills",
      paramLabel = "N",
      defaultValue = "60",
      description =
          "SIGKILLs to send; other faults come on top in proportion (default: ${DEFAULT-VALUE}).")
  private int kills;

  @Option(
      names = "--seed",
      paramLabel = "N",
      defaultValue = "1",
      description =
          "Seed of events and faults; what a fault hits in the act still depends on the machine (default: ${DEFAULT-VALUE}).")
  private long seed;

  @Option(
      names = "--partitions",
      paramLabel = "N",
      defaultValue = "4",
      description = "Partitions of every topic (default: ${DEFAULT-VALUE}).")
  private int partitions;

  @Option(
      names = "--attack",
      paramLabel = "NAME",
      defaultValue = "badnet8",
      description = "Reference model and its triggered images (default: ${DEFAULT-VALUE}).")
  private String attack;

  @Option(
      names = "--no-disk-full",
      description =
          "Leave the broker's disk alone. Else it lies on a tmpfs of its own and is filled, where this user may mount one.")
  private boolean noDiskFull;

  @Option(
      names = "--registry-home",
      paramLabel = "DIR",
      description =
          "Apicurio Registry, unpacked (default: stream-app/target/registry-server of this checkout, where building the tests puts it).")
  private Path registryHome;

  @Option(
      names = "--reference",
      paramLabel = "DIR",
      description =
          "Folder with the reference models and images (default: 'reference' of this installation).")
  private Path reference;

  @Option(
      names = "--json",
      paramLabel = "FILE",
      description = "Write the figures and all offending ids there.")
  private Path json;

  @Option(
      names = "--keep",
      paramLabel = "DIR",
      description = "Keep all data, the logs of every process and the journal of faults there.")
  private Path keep;

  @Spec private CommandSpec command;

  /** For picocli. */
  public FaultsCommand() {}

  @Override
  public Integer call() throws Exception {
    FaultReport report;
    try (RunFolder folder = RunFolder.open("headgate-faults-", keep)) {
      FaultOptions options = options(folder.path());
      quietKafka();
      report = FaultReport.of(options, new FaultRun(options).run());
    }
    PrintWriter out = command.commandLine().getOut();
    out.print(report.text());
    if (!noDiskFull && !report.diskFull()) {
      out.println("The broker's disk was not filled: this user may not mount a tmpfs.");
    }
    out.flush();
    if (json != null) {
      ObjectMapper mapper = new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);
      Files.writeString(json, mapper.writeValueAsString(report) + "\n");
    }
    return report.ok() ? Console.OK : Console.FAILED;
  }

  private FaultOptions options(Path folder) {
    ReferenceSet set = ReferenceSet.find(reference);
    if (!set.attacks().contains(attack)) {
      throw new UserException(
          "attack: %s (expected: %s)".formatted(attack, String.join(", ", set.attacks())));
    }
    try {
      return new FaultOptions(
          folder,
          RegistryProcess.find(registryHome),
          set,
          attack,
          events,
          kills,
          partitions,
          !noDiskFull,
          seed);
    } catch (IllegalArgumentException e) {
      throw new UsageException(e.getMessage());
    }
  }

  /** A broker that dies is what this is about: the clients need not say so. */
  private static void quietKafka() {
    ((Logger) LoggerFactory.getLogger("org.apache.kafka")).setLevel(Level.OFF);
  }
}
