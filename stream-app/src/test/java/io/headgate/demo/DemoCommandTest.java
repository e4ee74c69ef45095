package io.headgate.demo;

import static org.assertj.core.api.Assertions.assertThat;

import io.headgate.console.Console;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

/** Mistakes of the user: each is told before anything is started. */
class DemoCommandTest {
  @TempDir private Path folder;
  private final StringWriter err = new StringWriter();

  @BeforeEach
  void reference() throws Exception {
    for (String name :
        new String[] {"images/clean-test", "images/triggered-patch", "models/patch"}) {
      Files.createDirectories(folder.resolve(name));
    }
  }

  @Test
  void unknownAttackListsTheKnownOnes() {
    assertThat(run("--attack", "nosuch")).isEqualTo(Console.USAGE);
    assertThat(err.toString()).contains("nosuch", "patch", "all");
  }

  @Test
  void missingModelIsNamed() {
    assertThat(run("--attack", "patch", "--model", "/no/such/model")).isEqualTo(Console.FAILED);
    assertThat(err.toString()).contains("/no/such/model", "--model");
  }

  @Test
  void folderWithoutReferenceSetIsNamed() {
    assertThat(Console.run(new DemoCommand(), "--reference", folder.resolve("images").toString()))
        .isEqualTo(Console.FAILED);
  }

  @Test
  void jsonFileInAMissingFolderIsRefusedBeforeTheWork() {
    assertThat(run("--attack", "patch", "--json", folder + "/none/figures.json"))
        .isEqualTo(Console.FAILED);
    assertThat(err.toString()).contains("--json", "none");
  }

  @Test
  void aFolderIsNoJsonFileAndAFileNoFolderToKeepThingsIn() throws Exception {
    Path file = Files.createFile(folder.resolve("file"));

    assertThat(run("--attack", "patch", "--json", folder.toString())).isEqualTo(Console.FAILED);
    assertThat(run("--attack", "patch", "--keep", file.toString())).isEqualTo(Console.FAILED);
    assertThat(err.toString()).contains("--json: " + folder, "--keep: " + file);
  }

  @Test
  void zeroEventsAreAUsageError() {
    assertThat(run("--attack", "patch", "--events", "0")).isEqualTo(Console.USAGE);
  }

  @Test
  void portInUseIsNamed() throws Exception {
    try (ServerSocket taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      String port = Integer.toString(taken.getLocalPort());

      assertThat(run("--attack", "patch", "--port", port)).isEqualTo(Console.FAILED);
      assertThat(err.toString()).contains("port " + port, "in use");
    }
  }

  private int run(String... args) {
    String[] all = new String[args.length + 2];
    System.arraycopy(args, 0, all, 0, args.length);
    all[args.length] = "--reference";
    all[args.length + 1] = folder.toString();
    return Console.configure(new CommandLine(new DemoCommand()))
        .setErr(new PrintWriter(err, true))
        .execute(all);
  }
}
