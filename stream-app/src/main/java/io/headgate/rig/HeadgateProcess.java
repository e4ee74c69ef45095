package io.headgate.rig;

import io.headgate.broker.ChildProcess;
import io.headgate.broker.LastingPort;
import java.io.IOException;
import java.net.HttpURLConnection;
import java.net.URI;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;

/**
 * A {@code headgate} server in a process of its own, with its probes and metrics on a fixed port.
 */
public final class HeadgateProcess implements AutoCloseable {
  /** The program, which this module cannot know but by its name. */
  private static final String PROGRAM = "io.headgate.cli.Headgate";

  private final String name;
  private final ChildProcess process;
  private final int httpPort;

  private HeadgateProcess(String name, ChildProcess process, int httpPort) {
    this.name = name;
    this.process = process;
    this.httpPort = httpPort;
  }

  /**
   * Starts nothing yet.
   *
   * @param name of its log file
   * @param jvm options
   * @param arguments of {@code headgate}, without {@code --http-port}
   */
  static HeadgateProcess server(
      String name,
      Path folder,
      List<String> jvm,
      Map<String, String> environment,
      List<String> arguments)
      throws IOException {
    int port = LastingPort.find();
    List<String> all = new ArrayList<>(arguments);
    all.addAll(List.of("--http-port", Integer.toString(port)));
    return new HeadgateProcess(
        name,
        new ChildProcess(command(jvm, all), environment, folder.resolve(name + ".log")),
        port);
  }

  /** A command line that runs {@code headgate} as this JVM does. */
  static List<String> command(List<String> jvm, List<String> arguments) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.addAll(jvm);
    command.addAll(
        List.of(
            "-Djava.awt.headless=true",
            "-Dai.djl.offline=true",
            "-XX:+ExitOnOutOfMemoryError",
            "-XX:+UseParallelGC",
            "-cp",
            System.getProperty("java.class.path"),
            PROGRAM));
    command.addAll(arguments);
    return command;
  }

  /** What it is called in reports. */
  public String name() {
    return name;
  }

  /** What it runs in, for starting and for faults. */
  public ChildProcess process() {
    return process;
  }

  /**
   * Waits until {@code /readyz} says yes.
   *
   * @throws IOException if it ends or is not ready in time
   */
  public void awaitReady(Duration patience) throws IOException, InterruptedException {
    long end = System.nanoTime() + patience.toNanos();
    while (!isReady()) {
      if (!process.isAlive() || System.nanoTime() > end) {
        throw new IOException(
            "%s %s; see %s"
                .formatted(
                    name,
                    process.isAlive() ? "is not ready after " + patience : "has ended",
                    process.output()));
      }
      TimeUnit.MILLISECONDS.sleep(100);
    }
  }

  private boolean isReady() {
    try {
      return get("/readyz").getResponseCode() == HttpURLConnection.HTTP_OK;
    } catch (IOException e) {
      return false;
    }
  }

  /** What {@code /metrics} says now, in Prometheus' text form. */
  public String metrics() throws IOException {
    try (var body = get("/metrics").getInputStream()) {
      return new String(body.readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  private HttpURLConnection get(String path) throws IOException {
    HttpURLConnection connection =
        (HttpURLConnection)
            URI.create("http://127.0.0.1:" + httpPort + path).toURL().openConnection();
    connection.setConnectTimeout(1_000);
    connection.setReadTimeout(5_000);
    return connection;
  }

  /** SIGTERM, and SIGKILL after the time a clean shutdown may take. */
  @Override
  public void close() {
    process.terminate(Duration.ofSeconds(30));
  }
}
