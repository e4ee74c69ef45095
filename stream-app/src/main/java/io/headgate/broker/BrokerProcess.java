package io.headgate.broker;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.TimeUnit;

/**
 * A single-node KRaft broker in a process of its own, which can die ({@link #kill()}) and come back
 * ({@link #start()}) on the same data and port.
 *
 * <p>Not safe for concurrent use.
 */
public final class BrokerProcess implements AutoCloseable {
  private final Path folder;
  private final int port;
  private final List<String> command;
  private Process process;

  private BrokerProcess(Path folder, int port, List<String> command) {
    this.folder = folder;
    this.port = port;
    this.command = command;
  }

  /**
   * Formats the storage and writes {@code server.properties}; starts nothing yet.
   *
   * @param overrides broker settings that replace the defaults
   */
  public static BrokerProcess prepare(Path folder, Map<String, String> overrides)
      throws IOException {
    BrokerConfig.format(folder);
    int[] ports = BrokerConfig.freePorts();
    Properties properties = BrokerConfig.properties(folder, ports[0], ports[1], overrides);
    Path file = BrokerConfig.write(folder, properties);
    List<String> command =
        List.of(
            Path.of(System.getProperty("java.home"), "bin", "java").toString(),
            "-Xmx384m",
            "-XX:TieredStopAtLevel=1",
            "-cp",
            System.getProperty("java.class.path"),
            "kafka.Kafka",
            file.toString());
    return new BrokerProcess(folder, ports[0], command);
  }

  /** Starts the process; its output goes to {@code broker.log} in the folder. */
  public void start() throws IOException {
    if (isAlive()) {
      throw new IllegalStateException("broker runs already as process " + process.pid());
    }
    process =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.appendTo(folder.resolve("broker.log").toFile()))
            .start();
  }

  /** Address for {@code bootstrap.servers}, the same after every restart. */
  public String bootstrap() {
    return "127.0.0.1:" + port;
  }

  /** Whether the process runs. */
  public boolean isAlive() {
    return process != null && process.isAlive();
  }

  /** Id of the last process started. */
  public long pid() {
    return process.pid();
  }

  /** SIGKILL: no flush, no goodbye. Returns when the process is gone. */
  public void kill() {
    if (process != null) {
      process.destroyForcibly();
      await();
    }
  }

  /** SIGTERM, and SIGKILL after ten seconds. */
  @Override
  public void close() {
    if (process != null) {
      process.destroy();
      try {
        if (!process.waitFor(10, TimeUnit.SECONDS)) {
          kill();
        }
      } catch (InterruptedException e) {
        kill();
        Thread.currentThread().interrupt();
      }
    }
  }

  private void await() {
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
}
