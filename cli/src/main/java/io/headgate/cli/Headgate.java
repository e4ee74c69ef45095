package io.headgate.cli;

import io.headgate.command.BenchCommand;
import io.headgate.command.CalibrateCommand;
import io.headgate.command.InspectCommand;
import io.headgate.command.ServeCommand;
import io.headgate.console.Console;
import io.headgate.console.Settings;
import io.headgate.deadletters.DeadLettersCommand;
import io.headgate.demo.DemoCommand;
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

  private static final String LOG_LEVEL = "headgate.log.level";
  private static final String INFO =
      System.getenv("HEADGATE_LOG_LEVEL") == null ? "INFO" : System.getenv("HEADGATE_LOG_LEVEL");

  private Headgate() {}

  /** The front door with all commands registered. */
  public static CommandLine commandLine() {
    CommandLine root = new CommandLine(new Headgate());
    root.addSubcommand(new CalibrateCommand());
    root.addSubcommand(new EvaluateCommand());
    root.addSubcommand(LabCommand.commandLine());
    root.addSubcommand(new InspectCommand());
    root.addSubcommand(new DemoCommand());
    root.addSubcommand(new SchemasCommand());
    root.addSubcommand(new TopicsCommand());
    root.addSubcommand(new DeadLettersCommand());
    root.addSubcommand(new ServeCommand());
    root.addSubcommand(new BenchCommand());
    root.addSubcommand(new GuardCommand());
    root.addSubcommand(new SubmitCommand());
    return Console.configure(root); // reaches the commands that are there by now
  }

  public static void main(String[] args) {
    if (args.length > 0 && SERVERS.contains(args[0])) {
      // Servers tell what they do; commands for people only warn. Before the first logger.
      System.setProperty(LOG_LEVEL, System.getProperty(LOG_LEVEL, INFO));
    }
    System.exit(execute(System.getenv(), args));
  }

  /** Runs a command; servers take their settings from environment and file too. */
  static int execute(Map<String, String> environment, String... args) {
    CommandLine root = commandLine();
    if (args.length == 0) {
      return root.execute("--help");
    }
    if (SERVERS.contains(args[0]) && root.getSubcommands().containsKey(args[0])) {
      List<String> own = Arrays.asList(args).subList(1, args.length);
      try {
        Settings.install(root.getSubcommands().get(args[0]), environment, own);
      } catch (CommandLine.ParameterException e) {
        root.getErr().println(e.getMessage());
        return Console.USAGE;
      }
    }
    return root.execute(args);
  }
}
