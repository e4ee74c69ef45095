package io.headgate.cli;

import io.headgate.command.CanariesCommand;
import io.headgate.command.InspectCommand;
import io.headgate.command.ServeCommand;
import io.headgate.command.calibrate.CalibrateCommand;
import io.headgate.console.Console;
import io.headgate.console.Settings;
import io.headgate.deadletters.DeadLettersCommand;
import io.headgate.demo.DemoCommand;
import io.headgate.doctor.DoctorCommand;
import io.headgate.faults.FaultsCommand;
import io.headgate.lab.command.EvaluateCommand;
import io.headgate.lab.command.LabCommand;
import io.headgate.registry.SchemasCommand;
import io.headgate.stream.command.GuardCommand;
import io.headgate.submit.SubmitCommand;
import io.headgate.topics.TopicsCommand;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.slf4j.bridge.SLF4JBridgeHandler;
import picocli.CommandLine;
import picocli.CommandLine.Command;

/** {@code ./headgate <command>}. */
@Command(
    name = "headgate",
    mixinStandardHelpOptions = true,
    version = "headgate 0.1.0",
    synopsisSubcommandLabel = "COMMAND",
    description = {
      "Guards an image pipeline against backdoored CLIP models.",
      "",
      "Start with 'headgate demo'; 'headgate COMMAND --help' teaches each command."
    })
public final class Headgate {
  private static final Set<String> SERVERS = Set.of("serve", "guard");

  /** Take their settings from environment and file too. */
  private static final Set<String> CONFIGURED = Set.of("serve", "guard", "doctor");

  private Headgate() {}

  /** The front door with all commands registered. */
  public static CommandLine commandLine() {
    CommandLine root = new CommandLine(new Headgate());
    // in the order in which people meet them
    root.addSubcommand(new DemoCommand());
    root.addSubcommand(new CalibrateCommand());
    root.addSubcommand(new InspectCommand());
    root.addSubcommand(new CanariesCommand());
    root.addSubcommand(new ServeCommand());
    root.addSubcommand(new TopicsCommand());
    root.addSubcommand(new SchemasCommand());
    root.addSubcommand(new DoctorCommand());
    root.addSubcommand(new GuardCommand());
    root.addSubcommand(new SubmitCommand());
    root.addSubcommand(new DeadLettersCommand());
    root.addSubcommand(new EvaluateCommand());
    root.addSubcommand(new BenchCommand());
    root.addSubcommand(LabCommand.commandLine().addSubcommand(new FaultsCommand()));
    return Console.configure(root); // reaches the commands that are there by now
  }

  public static void main(String[] args) {
    // Before the first logger: servers tell what they do, other commands speak for themselves.
    if (args.length > 0 && SERVERS.contains(args[0])) {
      defaultLevel("headgate.log.level", "HEADGATE_LOG_LEVEL", "INFO");
    } else {
      defaultLevel("headgate.root.log.level", "HEADGATE_ROOT_LOG_LEVEL", "ERROR");
    }
    // gRPC logs through the JDK: into the same lines, under the same levels.
    SLF4JBridgeHandler.removeHandlersForRootLogger();
    SLF4JBridgeHandler.install();
    System.exit(execute(System.getenv(), args));
  }

  private static void defaultLevel(String property, String variable, String level) {
    if (System.getProperty(property) == null && System.getenv(variable) == null) {
      System.setProperty(property, level);
    }
  }

  /** Runs a command; servers and their doctor take settings from environment and file too. */
  static int execute(Map<String, String> environment, String... args) {
    CommandLine root = commandLine();
    if (args.length == 0) {
      return root.execute("--help");
    }
    if (CONFIGURED.contains(args[0]) && root.getSubcommands().containsKey(args[0])) {
      List<String> own = Arrays.asList(args).subList(1, args.length);
      try {
        Settings.install(root.getSubcommands().get(args[0]), environment, own);
      } catch (CommandLine.ParameterException e) {
        return Console.usage(e);
      }
    }
    return root.execute(args);
  }
}
