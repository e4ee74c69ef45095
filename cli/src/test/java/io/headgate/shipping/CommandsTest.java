package io.headgate.shipping;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import io.headgate.cli.Headgate;
import io.headgate.console.Settings;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import picocli.CommandLine;

/** Every command line, settings file and variable that ships is understood by the code. */
class CommandsTest {
  /** Set for a group of one-shot containers alike, whether or not each reads both. */
  private static final Set<String> SHARED =
      Set.of("KAFKA_BOOTSTRAP_SERVERS", "SCHEMA_REGISTRY_URL");

  /** One container's command line. */
  record Shipped(String where, List<String> args, Map<String, String> environment) {
    @Override
    public String toString() {
      return where + ": " + String.join(" ", args);
    }
  }

  static Stream<Shipped> shipped() {
    List<Shipped> all = new ArrayList<>();
    Map<String, Map<String, String>> base = new HashMap<>(); // a patch keeps its base's variables
    for (String folder : List.of("k8s/base", "k8s/overlays/gpu")) {
      Repository.files(folder, ".yaml").stream()
          .flatMap(f -> Repository.documents(Repository.read(f.toString())).stream())
          .flatMap(m -> ManifestsTest.pods(m).stream())
          .flatMap(pod -> ManifestsTest.containers(pod).stream())
          .forEach(
              c ->
                  all.add(
                      kubernetes(
                          folder,
                          c,
                          base.computeIfAbsent(c.path("name").asText(), n -> new HashMap<>()))));
    }
    JsonNode compose = Repository.document("docker/compose.yaml");
    compose
        .path("services")
        .fields()
        .forEachRemaining(
            service -> {
              if (service.getValue().path("image").asText().startsWith("headgate/")) {
                Map<String, String> environment = new HashMap<>();
                service
                    .getValue()
                    .path("environment")
                    .fields()
                    .forEachRemaining(e -> environment.put(e.getKey(), e.getValue().asText()));
                all.add(
                    new Shipped(
                        "compose " + service.getKey(),
                        texts(service.getValue().path("command")),
                        environment));
              }
            });
    return all.stream();
  }

  private static Shipped kubernetes(
      String folder, JsonNode container, Map<String, String> environment) {
    container
        .path("env")
        .forEach(e -> environment.put(e.path("name").asText(), e.path("value").asText("x:1")));
    List<String> args = new ArrayList<>();
    for (String arg : texts(container.path("args"))) {
      String filled = arg;
      for (Map.Entry<String, String> variable : environment.entrySet()) {
        filled = filled.replace("$(" + variable.getKey() + ")", variable.getValue());
      }
      assertThat(filled).as("variables of %s are defined", arg).doesNotContain("$(");
      args.add(
          filled.startsWith("/etc/headgate/config/")
              ? Repository.ROOT
                  .resolve("k8s/base")
                  .resolve(filled.substring("/etc/headgate/config/".length()))
                  .toString()
              : filled);
    }
    return new Shipped(folder + " " + container.path("name").asText(), args, environment);
  }

  @ParameterizedTest
  @MethodSource("shipped")
  void theCommandLineIsUnderstood(Shipped shipped) {
    assertThatCode(() -> parse(shipped)).doesNotThrowAnyException();
  }

  @Test
  void aMisspeltFlagFails() {
    Shipped wrong = new Shipped("test", List.of("serve", "--modle", "x"), Map.of());

    assertThatThrownBy(() -> parse(wrong)).hasMessageContaining("--modle");
  }

  @ParameterizedTest
  @MethodSource("shipped")
  void everyVariableIsASettingOfItsCommandOrNamedInItsHelp(Shipped shipped) {
    CommandLine command = leaf(shipped.args());
    Set<String> settings = new HashSet<>();
    command.getCommandSpec().options().forEach(o -> settings.add(Settings.variable(o)));
    String help = command.getUsageMessage(CommandLine.Help.Ansi.OFF).replaceAll("\\s+", "");

    for (String variable : shipped.environment().keySet()) {
      boolean substituted = shipped.args().contains("x:1");
      assertThat(
              settings.contains(variable)
                  || substituted
                  || SHARED.contains(variable)
                  || help.contains(variable))
          .as("%s of %s", variable, shipped)
          .isTrue();
    }
  }

  static Stream<CommandLine> allCommands() {
    return walk(Headgate.commandLine());
  }

  private static Stream<CommandLine> walk(CommandLine command) {
    return Stream.concat(
        Stream.of(command),
        command.getSubcommands().values().stream().distinct().flatMap(CommandsTest::walk));
  }

  @ParameterizedTest
  @MethodSource("allCommands")
  void everyCommandTeachesInItsHelp(CommandLine command) {
    assertThat(command.getCommandSpec().usageMessage().description())
        .as("description of %s", command.getCommandSpec().qualifiedName())
        .isNotEmpty();
    assertThat(command.getCommandSpec().mixinStandardHelpOptions())
        .as("--help of %s", command.getCommandSpec().qualifiedName())
        .isTrue();
    for (CommandLine.Model.OptionSpec option : command.getCommandSpec().options()) {
      assertThat(option.description())
          .as("%s of %s", option.longestName(), command.getCommandSpec().qualifiedName())
          .isNotEmpty();
      assertThat(option.longestName()).matches("--[a-z0-9]+(-[a-z0-9]+)*");
      for (String line : option.description()) {
        assertThatCode(() -> String.format(line)).as(line).doesNotThrowAnyException();
      }
    }
    for (String line : command.getCommandSpec().usageMessage().description()) {
      assertThatCode(() -> String.format(line)).as(line).doesNotThrowAnyException();
    }
  }

  private static CommandLine leaf(List<String> args) {
    CommandLine command = Headgate.commandLine();
    for (String arg : args) {
      CommandLine next = command.getSubcommands().get(arg);
      if (next == null) {
        break;
      }
      command = next;
    }
    return command;
  }

  private static void parse(Shipped shipped) {
    CommandLine root = Headgate.commandLine();
    String name = shipped.args().get(0);
    assertThat(root.getSubcommands()).containsKey(name);
    if (Set.of("serve", "guard").contains(name)) {
      Settings.install(
          root.getSubcommands().get(name),
          shipped.environment(),
          shipped.args().subList(1, shipped.args().size()));
    }
    root.parseArgs(shipped.args().toArray(String[]::new));
  }

  private static List<String> texts(JsonNode array) {
    if (array.isTextual()) {
      return Arrays.asList(array.asText().split("\\s+"));
    }
    List<String> texts = new ArrayList<>();
    array.forEach(t -> texts.add(t.asText()));
    return texts;
  }
}
