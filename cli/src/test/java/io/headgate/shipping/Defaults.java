package io.headgate.shipping;

import io.headgate.cli.Headgate;
import io.headgate.console.Console;
import io.headgate.console.Settings;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.List;
import java.util.Map;
import picocli.CommandLine;

/**
 * What the code itself does without being told: the settings that {@code --print-config} prints.
 */
final class Defaults {
  private Defaults() {}

  static String of(String command, String option) {
    CommandLine root = Console.configure(Headgate.commandLine());
    CommandLine line = root.getSubcommands().get(command);
    Settings.install(line, Map.of(), List.of());
    root.parseArgs(command);
    StringWriter printed = new StringWriter();
    Settings.print(line, new PrintWriter(printed));
    return printed
        .toString()
        .lines()
        .filter(l -> l.startsWith(option + " = "))
        .map(l -> l.substring(option.length() + 3))
        .findFirst()
        .orElseThrow(() -> new AssertionError("no default of " + option + " in:\n" + printed));
  }
}
