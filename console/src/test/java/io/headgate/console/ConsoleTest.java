package io.headgate.console;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.file.NoSuchFileException;
import java.util.concurrent.Callable;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

class ConsoleTest {
  private final StringWriter err = new StringWriter();

  @Command(name = "fails")
  private static final class Failing implements Callable<Integer> {
    @Option(names = "--name")
    private String name;

    private final Exception exception;

    Failing(Exception exception) {
      this.exception = exception;
    }

    @Override
    public Integer call() throws Exception {
      throw exception;
    }
  }

  @Command(name = "group")
  private static final class Group {
    @Command(name = "member", description = "one of them")
    void member() {}
  }

  private int run(Exception exception, String... args) {
    return Console.configure(new CommandLine(new Failing(exception)))
        .setErr(new PrintWriter(err))
        .execute(args);
  }

  @Test
  void aUsersMistakeIsOneLineAndExitCodeOne() {
    int code = run(new UserException("port: 99999 (expected: 0 to 65535)"));

    assertThat(code).isEqualTo(Console.FAILED);
    assertThat(err.toString()).hasLineCount(1).contains("port: 99999 (expected: 0 to 65535)");
  }

  @Test
  void aMissingFileIsNamed() {
    int code = run(new NoSuchFileException("/tmp/absent.json"));

    assertThat(code).isEqualTo(Console.FAILED);
    assertThat(err.toString()).contains("/tmp/absent.json: no such file or directory");
  }

  @Test
  void aFileMissingInsideAStreamIsNamedToo() {
    run(new UncheckedIOException(new NoSuchFileException("/tmp/absent.json")));

    assertThat(err.toString()).hasLineCount(1).contains("/tmp/absent.json: no such file");
  }

  @Test
  void anUnknownOptionIsAUsageErrorThatPrintsTheNearMiss() {
    assertThat(run(new UserException("never reached"), "--names")).isEqualTo(Console.USAGE);

    assertThat(err.toString())
        .contains("--names", "Possible solutions: --name", "'fails --help'")
        .doesNotContain("never reached");
  }

  @Test
  void anOptionThatTheCommandMissesIsAUsageError() {
    assertThat(run(new UsageException("--model is missing"))).isEqualTo(Console.USAGE);

    assertThat(err.toString()).contains("--model is missing", "'fails --help'");
  }

  @Test
  void aMissingSubcommandIsAnsweredWithTheList() {
    CommandLine group = Console.configure(new CommandLine(new Group()));

    assertThat(group.setErr(new PrintWriter(err)).execute()).isEqualTo(Console.USAGE);

    assertThat(err.toString()).contains("Missing required subcommand", "one of them");
  }
}
