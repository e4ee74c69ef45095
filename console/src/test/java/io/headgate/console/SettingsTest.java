package io.headgate.console;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

class SettingsTest {
  @TempDir Path folder;

  @Command(name = "serve")
  static final class Serve implements Runnable {
    @Option(
        names = {"-p", "--http-port"},
        defaultValue = "1",
        description = "Port of the probes.")
    int httpPort;

    @Option(names = "--key-password", description = "Opens the key.")
    String keyPassword;

    @Option(names = "--config")
    Path config;

    @Override
    public void run() {}
  }

  @Test
  void flagBeatsEnvironmentBeatsFileBeatsDefault() throws Exception {
    Path file = Files.writeString(folder.resolve("a.properties"), "http-port = 3\n");
    Map<String, String> none = Map.of();
    Map<String, String> environment = Map.of("HEADGATE_HTTP_PORT", "2");

    assertThat(parse(none).httpPort).isEqualTo(1);
    assertThat(parse(none, "--config", file.toString()).httpPort).isEqualTo(3);
    assertThat(parse(Map.of("HEADGATE_CONFIG", file.toString())).httpPort).isEqualTo(3);
    assertThat(parse(environment, "--config=" + file).httpPort).isEqualTo(2);
    assertThat(parse(environment, "--http-port", "4").httpPort).isEqualTo(4);
  }

  @Test
  void refusesAnUnknownKeyInTheFileNamingFileAndKey() throws Exception {
    Path file = Files.writeString(folder.resolve("b.properties"), "htp-port = 3\n");

    assertThatThrownBy(() -> parse(Map.of(), "--config", file.toString()))
        .isInstanceOf(ParameterException.class)
        .hasMessageContaining("htp-port")
        .hasMessageContaining("http-port")
        .hasMessageContaining(file.toString());
  }

  @Test
  void refusesAFileThatIsNotThere() {
    Path file = folder.resolve("missing");

    assertThatThrownBy(() -> parse(Map.of(), "--config", file.toString()))
        .isInstanceOf(ParameterException.class)
        .hasMessageContaining("missing");
  }

  @Test
  void printsSettingsInForceWithSecretsMasked() {
    CommandLine command = new CommandLine(new Serve());
    Settings.install(command, Map.of("HEADGATE_KEY_PASSWORD", "hunter2"), List.of());
    command.parseArgs("--http-port", "7");
    StringWriter out = new StringWriter();

    Settings.print(command, new PrintWriter(out));

    assertThat(out.toString())
        .contains("# Port of the probes.", "http-port = 7", "key-password = ********")
        .doesNotContain("hunter2", "config =");
  }

  private static Serve parse(Map<String, String> environment, String... args) {
    CommandLine command = new CommandLine(new Serve());
    Settings.install(command, environment, List.of(args));
    command.parseArgs(args);
    return command.getCommand();
  }
}
