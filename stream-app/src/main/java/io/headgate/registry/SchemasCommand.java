package io.headgate.registry;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import io.headgate.connection.RegistryOptions;
import io.headgate.console.Console;
import io.headgate.topics.TopicNames;
import java.io.IOException;
import java.io.PrintWriter;
import java.util.List;
import java.util.function.Function;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/** {@code headgate schemas}. */
@Command(
    name = "schemas",
    mixinStandardHelpOptions = true,
    description = {
      "Registers the schemas of Headgate's events, or checks that they are registered.",
      "",
      "Serializers of the guard never register anything by themselves: run 'schemas register' once per registry and release, before the guard starts."
    })
public final class SchemasCommand {
  @Spec private CommandSpec command;

  /** For picocli. */
  public SchemasCommand() {}

  @Command(
      name = "register",
      mixinStandardHelpOptions = true,
      description = {
        "Sets each subject's compatibility to BACKWARD_TRANSITIVE and registers its schema.",
        "Safe to repeat. With --dry-run only says what it would do. Exit code 1 when a schema is incompatible with what is registered."
      })
  int register(
      @Mixin RegistryOptions registry,
      @Mixin TopicNames names,
      @Option(names = "--dry-run", description = "Look and say what is missing; change nothing.")
          boolean dryRun,
      @Option(names = "--json", description = "Print the result as JSON.") boolean json)
      throws IOException {
    List<SubjectState> states =
        with(registry, names, dryRun ? SchemaSubjects::check : SchemaSubjects::register);
    print(states, json);
    return dryRun || states.stream().allMatch(SubjectState::ok) ? Console.OK : Console.FAILED;
  }

  @Command(
      name = "check",
      mixinStandardHelpOptions = true,
      description =
          "Checks that every subject has its schema and the right compatibility. Changes nothing; exit code 1 when something is wrong.")
  int check(
      @Mixin RegistryOptions registry,
      @Mixin TopicNames names,
      @Option(names = "--json", description = "Print the result as JSON.") boolean json)
      throws IOException {
    List<SubjectState> states = with(registry, names, SchemaSubjects::check);
    print(states, json);
    return states.stream().allMatch(SubjectState::ok) ? Console.OK : Console.FAILED;
  }

  private static List<SubjectState> with(
      RegistryOptions registry,
      TopicNames names,
      Function<SchemaSubjects, List<SubjectState>> work) {
    try (SchemaSubjects subjects = new SchemaSubjects(registry.config(), names.topics())) {
      return work.apply(subjects);
    }
  }

  private void print(List<SubjectState> states, boolean json) throws IOException {
    PrintWriter out = command.commandLine().getOut();
    if (json) {
      out.println(
          new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT).writeValueAsString(states));
    } else {
      for (SubjectState state : states) {
        out.printf(
            "%s  %s  %s, %s%n",
            state.ok() ? "ok     " : "PROBLEM",
            state.subject(),
            state.id() == null
                ? "not registered"
                : "version %d, id %d".formatted(state.version(), state.id()),
            state.compatibility());
        state.problems().forEach(problem -> out.println("         " + problem));
      }
    }
    out.flush();
  }
}
