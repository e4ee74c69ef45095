package io.headgate.command;

import io.headgate.console.UserException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParseResult;

/**
 * Options from more than the command line: what is given there wins over the environment, that over
 * a file of {@code key = value} lines, and that over the defaults. Keys are the long option names;
 * a key that no option has is refused, wherever it stands.
 */
final class LayeredOptions {
  /** Options that make no sense in a file. */
  private static final Set<String> COMMAND_LINE_ONLY =
      Set.of("help", "version", "config", "print-config");

  private final String prefix;
  private final Map<String, OptionSpec> options = new TreeMap<>();
  private final Map<String, String> values = new LinkedHashMap<>();
  private final Map<String, String> sources = new LinkedHashMap<>();

  /**
   * @param prefix of environment variables, such as {@code HEADGATE_SERVE_}: a prefix of its own,
   *     so that variables which Kubernetes makes up for a service called headgate are not mistaken
   */
  LayeredOptions(CommandSpec spec, String prefix) {
    this.prefix = prefix;
    for (OptionSpec option : spec.options()) {
      String key = option.longestName().substring(2);
      if (!COMMAND_LINE_ONLY.contains(key)) {
        options.put(key, option);
      }
    }
  }

  /**
   * Reads a configuration file.
   *
   * @throws UserException naming the line if it is not {@code key = value}, twice there or unknown
   */
  void readFile(Path file) {
    List<String> lines;
    try {
      lines = Files.readAllLines(file);
    } catch (IOException e) {
      throw new UserException(
          "%s: cannot be read: %s (expected: a configuration file)".formatted(file, e), e);
    }
    Set<String> seen = new java.util.HashSet<>();
    for (int n = 0; n < lines.size(); n++) {
      String line = lines.get(n).strip();
      if (line.isEmpty() || line.startsWith("#")) {
        continue;
      }
      String where = "%s line %d".formatted(file, n + 1);
      int equals = line.indexOf('=');
      if (equals < 1) {
        throw new UserException("%s: '%s' (expected: key = value)".formatted(where, line));
      }
      String key = line.substring(0, equals).strip();
      requireKnown(key, where);
      if (!seen.add(key)) {
        throw new UserException("%s: %s is set twice".formatted(where, key));
      }
      put(key, line.substring(equals + 1).strip(), where);
    }
  }

  /**
   * Reads the environment; call after {@link #readFile}, which it overrules.
   *
   * @throws UserException for a variable of our prefix that no option has
   */
  void readEnvironment(Map<String, String> environment) {
    for (Map.Entry<String, String> variable : new TreeMap<>(environment).entrySet()) {
      if (!variable.getKey().startsWith(prefix) || isCommandLineOnly(variable.getKey())) {
        continue;
      }
      String key = key(variable.getKey());
      requireKnown(key, "environment variable " + variable.getKey());
      put(key, variable.getValue(), variable.getKey());
    }
  }

  private boolean isCommandLineOnly(String variable) {
    return COMMAND_LINE_ONLY.contains(key(variable));
  }

  private String key(String variable) {
    return variable.substring(prefix.length()).toLowerCase(Locale.ROOT).replace('_', '-');
  }

  private void put(String key, String value, String source) {
    values.put(key, value);
    sources.put(key, source);
  }

  private void requireKnown(String key, String where) {
    if (!options.containsKey(key)) {
      String nearest =
          options.keySet().stream()
              .min(java.util.Comparator.comparingInt(known -> distance(known, key)))
              .orElseThrow();
      throw new UserException(
          "%s: unknown key '%s' (did you mean '%s'? 'headgate serve --help' lists all)"
              .formatted(where, key, nearest));
    }
  }

  /** The command line with everything that it leaves open filled in, as long options. */
  List<String> arguments(ParseResult given) {
    List<String> all = new ArrayList<>();
    options.forEach(
        (key, option) -> {
          if (given.hasMatchedOption(option)) {
            sources.put(key, "command line");
            given
                .matchedOption(option.longestName())
                .originalStringValues()
                .forEach(value -> all.add("--" + key + "=" + value));
          } else if (values.containsKey(key)) {
            all.add("--" + key + "=" + values.get(key));
          }
        });
    return all;
  }

  /** Where an option's value comes from. */
  String source(String key) {
    return sources.getOrDefault(key, "default");
  }

  /** All keys, sorted. */
  Set<String> keys() {
    return options.keySet();
  }

  /** Levenshtein's. */
  private static int distance(String a, String b) {
    int[] row = new int[b.length() + 1];
    for (int j = 0; j <= b.length(); j++) {
      row[j] = j;
    }
    for (int i = 1; i <= a.length(); i++) {
      int diagonal = row[0];
      row[0] = i;
      for (int j = 1; j <= b.length(); j++) {
        int change = diagonal + (a.charAt(i - 1) == b.charAt(j - 1) ? 0 : 1);
        diagonal = row[j];
        row[j] = Math.min(change, 1 + Math.min(row[j], row[j - 1]));
      }
    }
    return row[b.length()];
  }
}
