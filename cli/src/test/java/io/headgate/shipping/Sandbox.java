package io.headgate.shipping;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.function.BooleanSupplier;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Assumptions;

/**
 * Linux namespaces in place of a container engine: a network of its own with a host for every
 * container, and per container a read-only root, its own process numbers and an unprivileged user.
 * Needs root and this machine's system folders stand in for the base image. Nothing is left behind:
 * namespaces end with their last process.
 */
final class Sandbox implements AutoCloseable {
  private static final String NETWORK = "10.77.0.";
  private static final Path SCRIPTS = Path.of("src/test/resources/sandbox").toAbsolutePath();

  private final Path folder;
  private final Process network;
  private final Map<String, String> addresses = new LinkedHashMap<>();
  private final List<Container> containers = new ArrayList<>();

  private Sandbox(Path folder, Process network) {
    this.folder = folder;
    this.network = network;
  }

  /** Opens one, or skips the test where that is not allowed. */
  static Sandbox open(Path folder, List<String> hosts) {
    Assumptions.assumeTrue(
        Tools.run("unshare", "--net", "--mount", "--pid", "--fork", "true").exitCode() == 0,
        "namespaces need root; run as root, or in a container that may make them");
    assertThat(Tools.find("ip")).as("ip (Debian: iproute2)").isPresent();
    try {
      Files.createDirectories(folder);
      Process network =
          new ProcessBuilder(
                  "unshare",
                  "--net",
                  "bash",
                  SCRIPTS.resolve("network.sh").toString(),
                  NETWORK + "1/24")
              .redirectError(folder.resolve("network.log").toFile())
              .start();
      String first =
          new BufferedReader(
                  new InputStreamReader(network.getInputStream(), StandardCharsets.UTF_8))
              .readLine();
      assertThat(first).as(() -> read(folder.resolve("network.log"))).isEqualTo("ready");
      Sandbox sandbox = new Sandbox(folder, network);
      hosts.forEach(sandbox::address);
      return sandbox;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The address of a host, by any of its names; known to containers started from then on. */
  String address(String host) {
    return addresses.computeIfAbsent(host, h -> NETWORK + (addresses.size() + 2));
  }

  /** A further name of a host. */
  void alias(String name, String host) {
    addresses.put(name, address(host));
  }

  /** Starts a container whose host name is its own name. */
  Container start(ContainerSpec spec) {
    try {
      Path home = folder.resolve(spec.name());
      Files.createDirectories(home);
      String[] user = spec.user().split(":");
      Files.writeString(
          home.resolve("settings"),
          "user=%s%ngroup=%s%nworkdir=%s%n".formatted(user[0], user[1], spec.workdir()));
      String own = address(spec.name());
      Files.writeString(
          home.resolve("hosts"),
          addresses.entrySet().stream()
              .map(e -> e.getValue() + " " + e.getKey() + "\n")
              .collect(Collectors.joining("", "127.0.0.1 localhost\n", "")));
      Files.writeString(
          home.resolve("environment"),
          lines(spec.environment().entrySet().stream().map(e -> e.getKey() + "=" + e.getValue())));
      Files.writeString(home.resolve("command"), lines(spec.command().stream()));
      Files.writeString(
          home.resolve("mounts"),
          withJava(spec.mounts()).stream()
              .map(m -> "%s %s %s\n".formatted(m.kind(), m.source(), m.target()))
              .collect(Collectors.joining()));
      Process process =
          new ProcessBuilder(
                  inNetwork(
                      "bash",
                      SCRIPTS.resolve("start.sh").toString(),
                      home.toString(),
                      own,
                      own.substring(NETWORK.length())))
              .redirectErrorStream(true)
              .redirectOutput(home.resolve("log").toFile())
              .start();
      Container container = new Container(spec, process, home.resolve("log"));
      containers.add(container);
      return container;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** The body that a host answers with, if it answers 200. */
  Optional<String> get(String host, int port, String path) {
    String script =
        "exec 3<>/dev/tcp/$0/$1 && printf 'GET %s HTTP/1.0\\r\\nHost: %s\\r\\n\\r\\n' \"$2\" \"$0\" >&3 && cat <&3";
    Tools.Outcome outcome =
        Tools.run(
            Repository.ROOT,
            inNetwork(
                "timeout",
                "10",
                "bash",
                "-c",
                script,
                address(host),
                Integer.toString(port),
                path));
    if (outcome.exitCode() != 0 || !outcome.output().matches("(?s)HTTP/1\\.[01] 200.*")) {
      return Optional.empty();
    }
    String[] parts = outcome.output().split("\r\n\r\n", 2);
    return Optional.of(parts.length == 2 ? parts[1] : "");
  }

  boolean accepts(String host, int port) {
    String script = "exec 3<>/dev/tcp/%s/%d".formatted(address(host), port);
    return Tools.run(Repository.ROOT, inNetwork("timeout", "10", "bash", "-c", script)).exitCode()
        == 0;
  }

  /** Waits until a condition holds; fails with the container's log when it ends or time is up. */
  void await(Container container, Duration limit, BooleanSupplier condition) {
    if (!within(limit, container, condition)) {
      throw new AssertionError(
          "%s %s:%n%s"
              .formatted(
                  container.name(),
                  container.isRunning() ? "is not ready after " + limit : "has ended",
                  container.log()));
    }
  }

  /** Whether {@code condition} came to hold in time, while {@code container} ran. */
  boolean within(Duration limit, Container container, BooleanSupplier condition) {
    long end = System.nanoTime() + limit.toNanos();
    while (!condition.getAsBoolean()) {
      if (!container.isRunning() || System.nanoTime() > end) {
        return false;
      }
      try {
        Thread.sleep(250);
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        throw new IllegalStateException(e);
      }
    }
    return true;
  }

  @Override
  public void close() {
    containers.forEach(Container::kill);
    network.destroyForcibly();
  }

  private List<String> inNetwork(String... command) {
    List<String> all =
        new ArrayList<>(List.of("nsenter", "--target", Long.toString(network.pid()), "--net"));
    all.addAll(List.of(command));
    return all;
  }

  /** With this JVM's own runtime, unless it lies in a folder that every container has. */
  private static List<ContainerSpec.Mount> withJava(List<ContainerSpec.Mount> mounts) {
    Path java = Path.of(System.getProperty("java.home"));
    if (java.startsWith("/usr")) {
      return mounts;
    }
    List<ContainerSpec.Mount> all = new ArrayList<>(mounts);
    all.add(0, ContainerSpec.Mount.readOnly(java, java.toString()));
    return all;
  }

  private static String lines(Stream<String> entries) {
    return entries.map(e -> e + "\0").collect(Collectors.joining());
  }

  /** Makes a folder of an earlier run anew; containers' own mounts are not seen from here. */
  static void empty(Path folder) {
    Tools.run("rm", "-rf", folder.toString()).expectSuccess("rm -rf " + folder);
    try {
      Files.createDirectories(folder);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  static String read(Path file) {
    try {
      return Files.exists(file) ? Files.readString(file) : "";
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
