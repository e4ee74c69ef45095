package io.headgate.broker;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * A program in a process of its own that can be killed, frozen and started again, always with the
 * same command. Its output is appended to one file.
 *
 * <p>Not safe for concurrent use.
 */
public final class ChildProcess implements AutoCloseable {
  private static final Duration GOODBYE = Duration.ofSeconds(10);

  private final List<String> command;
  private final Map<String, String> environment;
  private final Path output;
  private Process process;
  private boolean frozen;

  /**
   * @param environment added to this process's own
   * @param output where standard output and error go
   */
  public ChildProcess(List<String> command, Map<String, String> environment, Path output) {
    this.command = List.copyOf(command);
    this.environment = Map.copyOf(environment);
    this.output = output;
  }

  /** This JVM's own {@code java}. */
  static String java() {
    return Path.of(System.getProperty("java.home"), "bin", "java").toString();
  }

  /**
   * @throws IllegalStateException if it runs already
   */
  public void start() throws IOException {
    if (isAlive()) {
      throw new IllegalStateException("runs already as process " + process.pid());
    }
    ProcessBuilder builder =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.appendTo(output.toFile()));
    builder.environment().putAll(environment);
    frozen = false;
    process = builder.start();
  }

  /** Whether the process is there, frozen or not. */
  public boolean isAlive() {
    return process != null && process.isAlive();
  }

  /** Where its output goes. */
  public Path output() {
    return output;
  }

  /** Id of the last process started. */
  public long pid() {
    return process.pid();
  }

  /** Processor time it has used in this life; zero where the system does not say. */
  public Duration cpu() {
    return process.info().totalCpuDuration().orElse(Duration.ZERO);
  }

  /** Waits for its end and returns the exit code. */
  public int awaitExit() throws InterruptedException {
    return process.waitFor();
  }

  /** SIGKILL: no flush, no goodbye. Returns when the process is gone. */
  public void kill() {
    if (process == null) {
      return;
    }
    process.destroyForcibly();
    boolean interrupted = false;
    while (true) {
      try {
        process.waitFor();
        break;
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /** SIGSTOP: holds every connection and lock, and answers nothing until {@link #thaw()}. */
  public void freeze() throws IOException {
    frozen = signal("STOP");
  }

  /** SIGCONT: goes on as if no time had passed. */
  public void thaw() throws IOException {
    frozen = false;
    signal("CONT");
  }

  private boolean signal(String name) throws IOException {
    if (!isAlive()) {
      return false;
    }
    // the shell's own 'kill': not every installation has a program of that name
    Process kill = new ProcessBuilder("sh", "-c", "kill -" + name + " " + process.pid()).start();
    try {
      return kill.waitFor() == 0;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IOException("interrupted while sending SIG" + name, e);
    }
  }

  /** SIGTERM, and SIGKILL when it is still there after {@code patience}. */
  public void terminate(Duration patience) {
    if (process == null) {
      return;
    }
    process.destroy();
    try {
      if (frozen || !process.waitFor(patience.toMillis(), TimeUnit.MILLISECONDS)) {
        kill();
      }
    } catch (InterruptedException e) {
      kill();
      Thread.currentThread().interrupt();
    }
  }

  /** As {@link #terminate}, with ten seconds of patience. */
  @Override
  public void close() {
    terminate(GOODBYE);
  }
}
