package io.headgate.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The script {@code ./headgate} of an installed distribution: the script beside its jars. */
class LauncherIT {
  private static final Path ROOT = Path.of("..").toAbsolutePath().normalize();

  @TempDir private Path folder;
  private Path launcher;

  record Outcome(int exitCode, String output) {}

  @BeforeEach
  void install() throws IOException {
    Path home = Files.createDirectories(folder.resolve("a home with spaces"));
    launcher = Files.copy(ROOT.resolve("headgate"), home.resolve("headgate"));
    Path lib = Files.createDirectory(home.resolve("lib"));
    try (Stream<Path> jars =
        Stream.concat(Files.list(Path.of("target/lib")), Files.list(Path.of("target")))) {
      for (Path jar : jars.filter(f -> f.toString().endsWith(".jar")).toList()) {
        Files.createSymbolicLink(lib.resolve(jar.getFileName()), jar.toAbsolutePath());
      }
    }
  }

  /** Ours first: JUnit warns of every link that it finds. */
  @AfterEach
  void removeLinks() throws IOException {
    try (Stream<Path> links = Files.list(launcher.resolveSibling("lib"))) {
      for (Path link : links.toList()) {
        Files.delete(link);
      }
    }
    Files.deleteIfExists(folder.resolve("hg"));
  }

  @Test
  void runsThroughALinkFromAnyFolder() throws Exception {
    Path link = Files.createSymbolicLink(folder.resolve("hg"), launcher);

    Outcome outcome = run(Map.of(), link.toString(), "--version");

    assertThat(outcome.output()).startsWith("headgate ");
    assertThat(outcome.exitCode()).isZero();
  }

  @Test
  void passesTheExitCodeOn() throws Exception {
    assertThat(run(Map.of(), launcher.toString(), "nonsense").exitCode()).isEqualTo(2);
    assertThat(run(Map.of(), launcher.toString(), "inspect", "--model", "/no/such").exitCode())
        .isPositive();
  }

  @Test
  void tellsWhatToDoWhenTheHeapIsTooSmall() throws Exception {
    Outcome outcome =
        run(
            Map.of("HEADGATE_OPTS", "-Xmx16m"),
            launcher.toString(),
            "inspect",
            "--model",
            ROOT.resolve("reference/models/badnet8").toString(),
            ROOT.resolve("reference/images/clean-test/0000-guitar.png").toString());

    assertThat(outcome.output()).contains("error: out of Java heap").contains("HEADGATE_OPTS=");
    assertThat(outcome.exitCode()).isEqualTo(3); // HotSpot's, for ExitOnOutOfMemoryError
  }

  @Test
  void tellsWhatIsMissingWithoutJava() throws Exception {
    Outcome outcome = run(Map.of("JAVA_HOME", "/no/such/jdk"), launcher.toString(), "--version");

    assertThat(outcome.output()).contains("no Java found", "JAVA_HOME");
    assertThat(outcome.exitCode()).isEqualTo(1);
  }

  private Outcome run(Map<String, String> environment, String... command) throws Exception {
    Path output = Files.createTempFile(folder, "output", ".txt");
    ProcessBuilder builder =
        new ProcessBuilder(command)
            .directory(folder.toFile())
            .redirectErrorStream(true)
            .redirectOutput(output.toFile());
    builder.environment().put("JAVA_HOME", System.getProperty("java.home"));
    builder.environment().remove("HEADGATE_OPTS");
    builder.environment().putAll(environment);
    Process process = builder.start();
    try {
      assertThat(process.waitFor(2, TimeUnit.MINUTES)).as(Files.readString(output)).isTrue();
    } finally {
      process.destroyForcibly();
    }
    return new Outcome(process.exitValue(), Files.readString(output));
  }
}
