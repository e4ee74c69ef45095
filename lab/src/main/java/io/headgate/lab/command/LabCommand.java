package io.headgate.lab.command;

import picocli.CommandLine;
import picocli.CommandLine.Command;

/** {@code headgate lab}: the offline side, anyone can rerun it. */
@Command(
    name = "lab",
    mixinStandardHelpOptions = true,
    synopsisSubcommandLabel = "COMMAND",
    description = {
      "Trains reference models, plants backdoors in them, and measures the defences.",
      "",
      "A full round: 'lab train', 'lab poison', 'lab images', 'calibrate', 'evaluate', 'lab report'."
    })
public final class LabCommand {
  private LabCommand() {}

  /** The command with all its subcommands. */
  public static CommandLine commandLine() {
    CommandLine lab = new CommandLine(new LabCommand());
    lab.addSubcommand(new TrainCommand());
    lab.addSubcommand(new PoisonCommand());
    lab.addSubcommand(new ImagesCommand());
    lab.addSubcommand(new ReportCommand());
    lab.addSubcommand(new StudyCommand());
    lab.addSubcommand(new PoisonedSetCommand());
    return lab;
  }
}
