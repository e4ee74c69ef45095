package io.headgate.broker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ChildProcessTest {
  @TempDir private Path folder;

  @Test
  void killEndsIt() throws Exception {
    try (ChildProcess child = shell("exec sleep 60")) {
      child.start();

      child.kill();

      assertThat(child.isAlive()).isFalse();
      assertThat(child.awaitExit()).isEqualTo(128 + 9);
    }
  }

  @Test
  void comesBackUnderAnotherId() throws Exception {
    try (ChildProcess child = shell("exec sleep 60")) {
      child.start();
      long first = child.pid();
      child.kill();

      child.start();

      assertThat(child.isAlive()).isTrue();
      assertThat(child.pid()).isNotEqualTo(first);
    }
  }

  @Test
  void doesNotStartTwice() throws Exception {
    try (ChildProcess child = shell("exec sleep 60")) {
      child.start();

      assertThatThrownBy(child::start).isInstanceOf(IllegalStateException.class);
    }
  }

  @Test
  void standsStillBetweenFreezeAndThaw() throws Exception {
    try (ChildProcess child = shell("exec sleep 60")) {
      child.start();

      child.freeze();
      assertThat(awaitStopped(child.pid(), true)).isTrue();
      child.thaw();
      assertThat(awaitStopped(child.pid(), false)).isTrue();
    }
  }

  @Test
  void endsEvenWhileFrozen() throws Exception {
    ChildProcess child = shell("exec sleep 60");
    child.start();
    child.freeze();

    child.terminate(Duration.ofSeconds(30));

    assertThat(child.isAlive()).isFalse();
  }

  @Test
  void keepsTheOutputOfEveryLife() throws Exception {
    try (ChildProcess child = shell("echo $WORD")) {
      child.start();
      child.awaitExit();
      child.start();
      child.awaitExit();

      assertThat(Files.readAllLines(child.output())).containsExactly("hello", "hello");
    }
  }

  private ChildProcess shell(String script) {
    return new ChildProcess(
        List.of("sh", "-c", script), Map.of("WORD", "hello"), folder.resolve("out.log"));
  }

  /** A signal takes a moment to arrive: looks for at most twenty seconds. */
  private static boolean awaitStopped(long pid, boolean stopped) throws Exception {
    for (int look = 0; look < 1_000; look++) {
      String stat = Files.readString(Path.of("/proc/" + pid + "/stat"));
      if (stat.startsWith("T", stat.lastIndexOf(')') + 2) == stopped) {
        return true;
      }
      Thread.sleep(20);
    }
    return false;
  }
}
