package io.headgate.submit;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.headgate.console.Console;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** What is decided before any broker is asked. */
class SubmitCommandTest {
  @TempDir private Path folder;
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  @BeforeEach
  void pictures() throws Exception {
    Files.createDirectories(folder.resolve("a/deep"));
    Files.createDirectories(folder.resolve("b"));
    Files.write(folder.resolve("a/one.png"), new byte[10]);
    Files.write(folder.resolve("a/deep/two.jpg"), new byte[20]);
    Files.write(folder.resolve("a/.hidden"), new byte[99]);
  }

  @Test
  void dryRunCountsFilesAndBytesWithoutABroker() throws Exception {
    assertThat(run("--dry-run", "--json", folder.resolve("a").toString())).isEqualTo(Console.OK);

    JsonNode result = new ObjectMapper().readTree(out.toString());
    assertThat(result.get("files").asInt()).isEqualTo(2);
    assertThat(result.get("bytes").asInt()).isEqualTo(30);
  }

  @Test
  void dryRunListsTheFiles() {
    assertThat(run("--dry-run", folder.resolve("a").toString())).isEqualTo(Console.OK);

    assertThat(out.toString()).contains("2 files", "one.png", "two.jpg").doesNotContain("hidden");
  }

  @Test
  void missingPathIsNamed() {
    assertThat(run("--dry-run", folder.resolve("nothing").toString())).isEqualTo(Console.FAILED);
    assertThat(err.toString()).contains(folder.resolve("nothing").toString(), "no such file");
  }

  @Test
  void emptyFolderIsNamed() {
    assertThat(run("--dry-run", folder.resolve("b").toString())).isEqualTo(Console.FAILED);
    assertThat(err.toString()).contains(folder.resolve("b").toString(), "no files");
  }

  @Test
  void idsFromPathsMustDiffer() {
    String file = folder.resolve("a/one.png").toString();

    assertThat(run("--dry-run", "--ids", "path", file, file)).isEqualTo(Console.FAILED);
    assertThat(err.toString()).contains("one.png", "--ids random");
  }

  @Test
  void addressWithoutHostIsRefused() {
    assertThat(run("--dry-run", "--base-uri", "images/", folder.resolve("a").toString()))
        .isEqualTo(Console.FAILED);
    assertThat(err.toString()).contains("--base-uri images/", "https://");
  }

  @Test
  void negativeRateIsAUsageError() {
    assertThat(run("--dry-run", "--rate=-1", folder.toString())).isEqualTo(Console.USAGE);
  }

  @Test
  void noPathIsAUsageError() {
    assertThat(run("--dry-run")).isEqualTo(Console.USAGE);
  }

  private int run(String... args) {
    return Console.configure(new CommandLine(new SubmitCommand()))
        .setOut(new PrintWriter(out, true))
        .setErr(new PrintWriter(err, true))
        .execute(args);
  }
}
