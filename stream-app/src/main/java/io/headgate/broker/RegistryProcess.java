package io.headgate.broker;

import io.headgate.console.UserException;
import java.io.IOException;
import java.net.HttpURLConnection;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * A schema registry (Apicurio, through its Confluent-compatible API) in a process of its own, on
 * loopback. Its schemas lie in a file, so that it can die and come back: see {@link #process()}.
 */
public final class RegistryProcess implements AutoCloseable {
  private static final String JAR_SUFFIX = "-runner.jar";
  private static final String FETCH = "./mvnw -pl stream-app -Pregistry-server generate-sources";

  private final ChildProcess process;
  private final int port;

  private RegistryProcess(ChildProcess process, int port) {
    this.process = process;
    this.port = port;
  }

  /**
   * Finds the server's distribution: what was asked for, else {@code
   * stream-app/target/registry-server} below the installation, the working folder or one of its
   * parents.
   *
   * @param asked null for none
   * @throws UserException if there is none
   */
  public static Path find(Path asked) {
    if (asked != null) {
      requireJar(asked);
      return asked;
    }
    String home = System.getProperty("headgate.home");
    Path start = home == null ? Path.of("").toAbsolutePath() : Path.of(home).toAbsolutePath();
    for (Path place = start; place != null; place = place.getParent()) {
      Path unpacked = place.resolve("stream-app/target/registry-server");
      if (jar(unpacked).isPresent()) {
        return unpacked;
      }
    }
    throw new UserException(
        "registry server: none in stream-app/target/registry-server of %s (expected: Apicurio Registry 2.6, unpacked); fetch it with '%s' (140 MB, once), or give its folder with --registry-home DIR"
            .formatted(start, FETCH));
  }

  /**
   * Starts nothing yet. The registry's output will go to {@code registry.log} in the folder.
   *
   * @param home the unpacked distribution, see {@link #find}
   * @param folder for its data; must exist
   */
  public static RegistryProcess prepare(Path home, Path folder) throws IOException {
    Path jar = requireJar(home);
    int port = LastingPort.find();
    List<String> command =
        List.of(
            ChildProcess.java(),
            "-Xmx256m",
            "-XX:TieredStopAtLevel=1",
            "-Dquarkus.http.host=127.0.0.1",
            "-Dquarkus.http.port=" + port,
            "-jar",
            jar.toAbsolutePath().toString());
    // written at every commit: what was registered is there after a SIGKILL
    String database =
        "jdbc:h2:file:%s;WRITE_DELAY=0".formatted(folder.toAbsolutePath().resolve("registry"));
    return new RegistryProcess(
        new ChildProcess(
            command, Map.of("REGISTRY_DATASOURCE_URL", database), folder.resolve("registry.log")),
        port);
  }

  private static Path requireJar(Path home) {
    return jar(home)
        .orElseThrow(
            () ->
                new UserException(
                    "registry server: no *%s in %s (expected: Apicurio Registry 2.6, unpacked); fetch it with '%s'"
                        .formatted(JAR_SUFFIX, home, FETCH)));
  }

  private static Optional<Path> jar(Path home) {
    if (!Files.isDirectory(home)) {
      return Optional.empty();
    }
    try (Stream<Path> files = Files.list(home)) {
      return files.filter(f -> f.getFileName().toString().endsWith(JAR_SUFFIX)).findFirst();
    } catch (IOException e) {
      return Optional.empty();
    }
  }

  /** What it runs in, for starting and for faults. */
  public ChildProcess process() {
    return process;
  }

  /** URL of its Confluent-compatible API, the same after every restart. */
  public String url() {
    return "http://127.0.0.1:" + port + "/apis/ccompat/v7";
  }

  /**
   * Waits until it answers.
   *
   * @throws IOException if it dies or does not answer in time
   */
  public void awaitReady(Duration patience) throws IOException, InterruptedException {
    long end = System.nanoTime() + patience.toNanos();
    while (!answers()) {
      if (!process.isAlive() || System.nanoTime() > end) {
        throw new IOException(
            "the registry %s; see %s"
                .formatted(
                    process.isAlive() ? "does not answer after " + patience : "has ended",
                    process.output()));
      }
      TimeUnit.MILLISECONDS.sleep(100);
    }
  }

  private boolean answers() {
    try {
      HttpURLConnection connection =
          (HttpURLConnection)
              URI.create("http://127.0.0.1:" + port + "/health/ready").toURL().openConnection();
      connection.setConnectTimeout(1000);
      connection.setReadTimeout(2000);
      return connection.getResponseCode() == HttpURLConnection.HTTP_OK;
    } catch (IOException e) {
      return false;
    }
  }

  /** SIGTERM, and SIGKILL after ten seconds. */
  @Override
  public void close() {
    process.close();
  }
}
