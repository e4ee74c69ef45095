package io.headgate.stream.command;

import static org.assertj.core.api.Assertions.assertThat;

import io.headgate.console.Console;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine;

class GuardCommandTest {
  @TempDir Path folder;

  @Test
  void printsAllSettingsInForceWithSecretsMasked() throws Exception {
    Path kafka =
        Files.writeString(
            folder.resolve("client.properties"),
            "sasl.jaas.config=Login required password=\"hunter2\";\nproducer.compression.type=zstd\n");

    Run run =
        run(
            "--print-config",
            "--kafka-config",
            kafka.toString(),
            "--outage-policy",
            "pass-unverified",
            "--instance-id",
            "guard-0");

    assertThat(run.exit()).isZero();
    assertThat(run.text())
        .contains(
            "topic-submitted = headgate.images.submitted.v1",
            "instance-id = guard-0",
            "# processing.guarantee = exactly_once_v2",
            "# producer.compression.type = zstd",
            "# consumer.group.instance.id = guard-0",
            "# sasl.jaas.config = ********")
        .doesNotContain("hunter2");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "--deadline=60s | timing budget: a transaction may take | --transaction-timeout",
        "--max-poll-interval=5s | max.poll.interval.ms is 5 s | --max-poll-interval",
        "--kafka-config=/nowhere | /nowhere: no such file | a readable properties file"
      })
  void endsWithAClearErrorBeforeAnythingIsStarted(String option, String what, String expected) {
    Run run = run(option);

    assertThat(run.exit()).isEqualTo(1);
    assertThat(run.text()).contains(what, expected).doesNotContain("\tat ");
  }

  @ParameterizedTest
  @CsvSource({
    "--outage-policy=ignore, 'hold, quarantine or pass-unverified'",
    "--deadline=soon, a duration such as",
    "--no-such-option, --no-such-option",
    "--claim-prefix=ftp://files.test/, ftp://files.test/",
    "--claim-address=10.0.0.0/64, 10.0.0.0/64",
    "--topic-clean=headgate.images.submitted.v1, both read and written",
    "--threads=0, 'stream threads: 0 (expected: 1 to 64)'",
    "--backoff-cap=1ms, backoff cap",
    "--http-port=99999, '--http-port: 99999 (expected: 0 to 65535)'",
    "--service-ca=ca.pem, --service-tls",
    "--service-tls --service-certificate=guard.pem, --service-key is missing"
  })
  void refusesACommandLineThatCannotBe(String options, String expected) {
    Run run = run(options.split(" "));

    assertThat(run.exit()).isEqualTo(2);
    assertThat(run.text()).contains(expected).doesNotContain("\tat ");
  }

  private record Run(int exit, String text) {}

  private static Run run(String... args) {
    StringWriter text = new StringWriter();
    int exit =
        Console.configure(new CommandLine(new GuardCommand()))
            .setOut(new PrintWriter(text, true))
            .setErr(new PrintWriter(text, true))
            .execute(args);
    return new Run(exit, text.toString());
  }
}
