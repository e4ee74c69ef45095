package io.headgate.console;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.NoSuchFileException;
import java.util.concurrent.Callable;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;
import picocli.CommandLine.Command;

class ConsoleTest {
  private final StringWriter err = new StringWriter();

  @Command(name = "fails")
  private static final class Failing implements Callable<Integer> {
    private final Exception exception;

    Failing(Exception exception) {
      this.exception = exception;
    }

    @Override
    public Integer call() throws Exception {
      throw exception;
    }
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
  void anUnknownOptionIsAUsageError() {
    assertThat(run(new UserException("never reached"), "--nonsense")).isEqualTo(Console.USAGE);
    assertThat(err.toString()).contains("--nonsense").doesNotContain("never reached");
  }
}
