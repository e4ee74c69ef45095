package io.headgate.console;

import java.io.IOException;
import java.io.PrintWriter;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Properties;
import java.util.Set;
import java.util.TreeSet;
import picocli.CommandLine;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.ParameterException;

/**
 * Where the options of a long-running command come from. First wins: the flag ({@code
 * --http-port}), the environment ({@code HEADGATE_HTTP_PORT}), the file named by {@code --config}
 * or {@code HEADGATE_CONFIG} (Java properties, {@code http-port = 7861}), the default.
 *
 * <p>An unknown key in the file is refused: a misspelt setting that is silently ignored is how a
 * guard ends up unguarded. Unknown environment variables are left alone, since the environment is
 * shared.
 *
 * <p>A command opts in by declaring {@code --config FILE} and calling {@link #install}.
 */
public final class Settings {
  /** Before every environment variable. */
  public static final String PREFIX = "HEADGATE_";

  private static final String CONFIG = "--config";
  private static final Set<String> NOT_SETTINGS =
      Set.of("config", "help", "version", "print-config");
  private static final List<String> SECRET_WORDS =
      List.of("password", "secret", "token", "credential", "user-info", "jaas");

  private Settings() {}

  /**
   * Makes a command take its options from environment and file too.
   *
   * @param command that declares {@code --config}
   * @param environment for example {@link System#getenv()}
   * @param args the command's arguments, of which only {@code --config} is looked at
   * @throws ParameterException if the file cannot be read or has an unknown key
   */
  public static void install(
      CommandLine command, Map<String, String> environment, List<String> args) {
    Optional<Path> file = configFile(environment, args);
    Properties fromFile = file.map(f -> read(command, f)).orElseGet(Properties::new);
    Set<String> known = new HashSet<>();
    for (OptionSpec option : command.getCommandSpec().options()) {
      known.add(key(option));
    }
    known.removeAll(NOT_SETTINGS);
    Set<String> unknown = new TreeSet<>(fromFile.stringPropertyNames());
    unknown.removeAll(known);
    if (!unknown.isEmpty()) {
      throw new ParameterException(
          command,
          "%s: unknown setting%s %s (expected: any of %s)"
              .formatted(
                  file.orElseThrow(),
                  unknown.size() == 1 ? "" : "s",
                  String.join(", ", unknown),
                  String.join(", ", new TreeSet<>(known))));
    }
    command.setDefaultValueProvider(
        argument -> {
          if (!(argument instanceof OptionSpec option) || NOT_SETTINGS.contains(key(option))) {
            return null;
          }
          String value = environment.get(variable(option));
          return value != null ? value : fromFile.getProperty(key(option));
        });
  }

  /** The environment variable of an option: {@code --http-port} is {@code HEADGATE_HTTP_PORT}. */
  public static String variable(OptionSpec option) {
    return PREFIX + key(option).replace('-', '_').toUpperCase(Locale.ROOT);
  }

  /**
   * Prints the settings in force in the form of a settings file; secrets are masked, unset ones
   * commented out. For {@code --print-config}.
   */
  public static void print(CommandLine command, PrintWriter out) {
    for (OptionSpec option : command.getCommandSpec().options()) {
      String key = key(option);
      if (NOT_SETTINGS.contains(key)) {
        continue;
      }
      for (String line : option.description()) {
        out.println("# " + line.replaceAll("@\\|\\S+ |\\|@", ""));
      }
      Object value = option.getValue();
      if (value == null || value instanceof Iterable<?> many && !many.iterator().hasNext()) {
        out.println("# " + key + " =");
      } else {
        out.println(key + " = " + (isSecret(option) ? "********" : text(option, value)));
      }
    }
    out.flush();
  }

  /** Whether an option's value must never be shown. A path to a secret may be. */
  static boolean isSecret(ArgSpec option) {
    if (option.type() == Path.class) {
      return false;
    }
    String name = option instanceof OptionSpec o ? key(o) : "";
    return SECRET_WORDS.stream().anyMatch(name::contains);
  }

  private static String text(ArgSpec option, Object value) {
    String text;
    if (value instanceof Iterable<?> many) {
      StringBuilder joined = new StringBuilder();
      for (Object one : many) {
        joined
            .append(joined.isEmpty() ? "" : option.splitRegex().isEmpty() ? " " : ",")
            .append(one);
      }
      text = joined.toString();
    } else {
      text = value instanceof Optional<?> o ? o.map(Object::toString).orElse("") : value.toString();
    }
    return text;
  }

  private static String key(OptionSpec option) {
    return option.longestName().replaceFirst("^-+", "");
  }

  private static Optional<Path> configFile(Map<String, String> environment, List<String> args) {
    for (int i = 0; i < args.size(); i++) {
      if (args.get(i).startsWith(CONFIG + "=")) {
        return Optional.of(Path.of(args.get(i).substring(CONFIG.length() + 1)));
      }
      if (args.get(i).equals(CONFIG) && i + 1 < args.size()) {
        return Optional.of(Path.of(args.get(i + 1)));
      }
    }
    return Optional.ofNullable(environment.get(PREFIX + "CONFIG")).map(Path::of);
  }

  private static Properties read(CommandLine command, Path file) {
    Properties properties = new Properties();
    try (Reader reader = Files.newBufferedReader(file)) {
      properties.load(reader);
    } catch (IOException | IllegalArgumentException e) {
      throw new ParameterException(
          command,
          "%s: %s (expected: a settings file, lines of 'key = value')"
              .formatted(
                  file,
                  e instanceof NoSuchFileException ? "no such file" : "cannot be read: " + e));
    }
    return properties;
  }
}
