package io.headgate.shipping;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;

/**
 * Programs that check what ships: from {@code .tools/}, where {@code .ci/tools} puts them, else
 * from the PATH. A missing one is fetched by that script; where that fails a test that needs it is
 * skipped, or fails if {@code HEADGATE_REQUIRE_TOOLS=true}, as in CI.
 */
final class Tools {
  private static final Path FOLDER = Repository.ROOT.resolve(".tools");
  private static final boolean REQUIRED = "true".equals(System.getenv("HEADGATE_REQUIRE_TOOLS"));
  private static boolean fetched;

  private Tools() {}

  /** What a finished program printed (both streams) and its exit code. */
  record Outcome(int exitCode, String output) {
    String expectSuccess(String what) {
      assertThat(exitCode).as("%s:%n%s", what, output).isZero();
      return output;
    }
  }

  static Path require(String program) {
    return orSkip(program, find(program).or(() -> fetch() ? find(program) : Optional.empty()));
  }

  /**
   * Whether a program is there, fetched if need be; its lack is an error where tools are required.
   */
  static boolean isAvailable(String program) {
    boolean found = find(program).isPresent() || fetch() && find(program).isPresent();
    if (!found && REQUIRED) {
      throw new AssertionError(program + " is missing and .ci/tools could not bring it");
    }
    return found;
  }

  static Path requireFile(String name) {
    Path file = FOLDER.resolve(name);
    return orSkip(
        name,
        Files.exists(file) || fetch() ? Optional.of(file).filter(Files::exists) : Optional.empty());
  }

  /** Runs to the end; for programs that end by themselves. */
  static Outcome run(Path folder, List<String> command) {
    try {
      Process process =
          new ProcessBuilder(command).directory(folder.toFile()).redirectErrorStream(true).start();
      process.getOutputStream().close();
      String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      return new Outcome(process.waitFor(), output);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  static Outcome run(String... command) {
    return run(Repository.ROOT, List.of(command));
  }

  static Optional<Path> find(String program) {
    return Stream.concat(
            Stream.of(FOLDER.resolve("bin")),
            Stream.of(System.getenv("PATH").split(":")).map(Path::of))
        .map(folder -> folder.resolve(program))
        .filter(Files::isExecutable)
        .findFirst();
  }

  private static Path orSkip(String what, Optional<Path> found) {
    if (found.isEmpty() && REQUIRED) {
      throw new AssertionError(what + " is missing and .ci/tools could not bring it");
    }
    Assumptions.assumeTrue(
        found.isPresent(),
        what + " is missing and .ci/tools could not bring it: run it to see why");
    return found.orElseThrow();
  }

  private static synchronized boolean fetch() {
    if (!fetched) {
      fetched = true;
      run("bash", ".ci/tools");
    }
    return true;
  }
}
