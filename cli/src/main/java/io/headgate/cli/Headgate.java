package io.headgate.cli;

import io.headgate.command.CalibrateCommand;
import io.headgate.command.InspectCommand;
import io.headgate.console.Console;
import io.headgate.deadletters.DeadLettersCommand;
import io.headgate.demo.DemoCommand;
import io.headgate.lab.command.LabCommand;
import io.headgate.registry.SchemasCommand;
import io.headgate.topics.TopicsCommand;
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

  private Headgate() {}

  /** The front door with all commands registered. */
  static CommandLine commandLine() {
    CommandLine root = Console.configure(new CommandLine(new Headgate()));
    root.addSubcommand(new CalibrateCommand());
    root.addSubcommand(LabCommand.commandLine());
    root.addSubcommand(new InspectCommand());
    root.addSubcommand(new DemoCommand());
    root.addSubcommand(new SchemasCommand());
    root.addSubcommand(new TopicsCommand());
    root.addSubcommand(new DeadLettersCommand());
    return root;
  }

  public static void main(String[] args) {
    System.exit(
        Console.configure(commandLine())
            .execute(args.length == 0 ? new String[] {"--help"} : args));
  }
}
