package io.headgate.shipping;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import io.headgate.cli.Headgate;
import io.headgate.console.Console;
import io.headgate.console.Settings;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import picocli.CommandLine;

/** Every command line, settings file and variable that ships is understood by the code. */
class CommandsTest {
  /** A command in a guide: in a code span, or on a line of its own. */
  private static final Pattern IN_TEXT =
      Pattern.compile("(?:`|(?m:^) +)(?:\\./)?headgate ([a-z][^`\\n]*)");

  /** One container's command line. */
  record Shipped(String where, List<String> args, Map<String, String> environment) {
    @Override
    public String toString() {
      return where + ": " + String.join(" ", args);
    }
  }

  static Stream<Shipped> shipped() {
    List<Shipped> all = new ArrayList<>(pods("k8s/base", ManifestsTest.plainManifests()));
    if (Kustomize.isAvailable()) { // what a patch makes of a command line
      Kustomize.OVERLAYS.forEach(
          overlay -> all.addAll(pods(overlay, Kustomize.render(overlay).stream())));
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

  private static List<Shipped> pods(String where, Stream<JsonNode> manifests) {
    return manifests
        .flatMap(manifest -> ManifestsTest.pods(manifest).stream())
        .flatMap(pod -> ManifestsTest.containers(pod).stream())
        .map(container -> kubernetes(where, container))
        .toList();
  }

  private static Shipped kubernetes(String where, JsonNode container) {
    Map<String, String> environment = new HashMap<>();
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
    return new Shipped(where + " " + container.path("name").asText(), args, environment);
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
      assertThat(settings.contains(variable) || substituted || help.contains(variable))
          .as("%s of %s", variable, shipped)
          .isTrue();
    }
  }

  static Stream<Shipped> documented() {
    List<Shipped> all = new ArrayList<>();
    for (String page : List.of("docs/deployment.md", "docs/runbook.md", "docker/README.md")) {
      Matcher command = IN_TEXT.matcher(Repository.read(page));
      while (command.find()) {
        List<String> args = Arrays.asList(command.group(1).strip().split("\\s+"));
        all.add(new Shipped(page, args, Map.of()));
      }
    }
    assertThat(all).isNotEmpty();
    return all.stream();
  }

  @ParameterizedTest
  @MethodSource("documented")
  void everyCommandInTheGuidesExistsWithItsOptions(Shipped documented) {
    CommandLine command = leaf(documented.args());

    assertThat(command.getParent()).as("a command of that name").isNotNull();
    assertThat(command.getCommandSpec().optionsMap().keySet())
        .containsAll(documented.args().stream().filter(a -> a.startsWith("--")).toList());
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
    CommandLine command = Console.configure(Headgate.commandLine());
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
    CommandLine root = Console.configure(Headgate.commandLine());
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
