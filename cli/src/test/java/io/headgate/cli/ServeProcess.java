package io.headgate.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** {@code headgate} as a process of its own, with its output in files. */
final class ServeProcess implements AutoCloseable {
  static final Path REFERENCE = Path.of("").toAbsolutePath().getParent().resolve("reference");
  static final Path MODEL = REFERENCE.resolve("models/badnet8");
  static final Path IMAGES = REFERENCE.resolve("images/clean-test");

  private static final Pattern PORTS =
      Pattern.compile("on 127\\.0\\.0\\.1:(\\d+) .*http://127\\.0\\.0\\.1:(\\d+)");
  private static final ObjectMapper JSON = new ObjectMapper();

  final Process process;
  private final Path out;
  private final Path err;
  private final HttpClient http = HttpClient.newHttpClient();
  private int port;
  private int httpPort;

  private ServeProcess(Process process, Path out, Path err) {
    this.process = process;
    this.out = out;
    this.err = err;
  }

  static ServeProcess start(Path folder, Map<String, String> environment, String... args)
      throws IOException {
    List<String> command =
        new ArrayList<>(
            List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx512m",
                "-Dai.djl.offline=true",
                "-cp",
                System.getProperty("java.class.path"),
                Headgate.class.getName()));
    command.addAll(List.of(args));
    Path out = Files.createTempFile(folder, "out", ".txt");
    Path err = Files.createTempFile(folder, "err", ".txt");
    ProcessBuilder builder =
        new ProcessBuilder(command).redirectOutput(out.toFile()).redirectError(err.toFile());
    builder.environment().keySet().removeIf(name -> name.startsWith("HEADGATE_"));
    builder.environment().putAll(environment);
    return new ServeProcess(builder.start(), out, err);
  }

  /** Makes a calibration of the reference model; another seed makes another. */
  static void calibrate(Path file, int seed) {
    int status =
        Headgate.execute(
            Map.of(),
            "calibrate",
            "--model",
            MODEL.toString(),
            "--images",
            IMAGES.toString(),
            "--target-false-quarantine",
            "0.1",
            "--seed",
            Integer.toString(seed),
            "--out",
            file.toString());
    assertThat(status).isZero();
  }

  /** Waits for the end of a command that ends by itself. */
  int exit() throws InterruptedException {
    assertThat(process.waitFor(60, TimeUnit.SECONDS)).as("%s", process.info()).isTrue();
    return process.exitValue();
  }

  /** Waits until the service says that it serves. */
  ServeProcess awaitServing() throws IOException {
    await(() -> PORTS.matcher(out()).find() || !process.isAlive());
    Matcher ports = PORTS.matcher(out());
    assertThat(ports.find()).as(out() + err()).isTrue();
    port = Integer.parseInt(ports.group(1));
    httpPort = Integer.parseInt(ports.group(2));
    return this;
  }

  String address() {
    return "127.0.0.1:" + port;
  }

  int port() {
    return port;
  }

  int httpPort() {
    return httpPort;
  }

  String out() {
    return read(out);
  }

  String err() {
    return read(err);
  }

  private static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    }
  }

  HttpResponse<String> get(String path) {
    try {
      return http.send(
          HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + httpPort + path)).build(),
          HttpResponse.BodyHandlers.ofString());
    } catch (IOException e) {
      throw new java.io.UncheckedIOException(e);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  JsonNode info() throws IOException {
    return JSON.readTree(get("/info").body());
  }

  /** The value of a metric without labels. */
  double metric(String name) {
    return get("/metrics")
        .body()
        .lines()
        .filter(line -> line.startsWith(name + " "))
        .mapToDouble(line -> Double.parseDouble(line.substring(name.length() + 1)))
        .findFirst()
        .orElseThrow();
  }

  /** Puts load on the service and returns the figures. */
  JsonNode bench(Path folder, String... options) throws IOException {
    Path json = Files.createTempFile(folder, "bench", ".json");
    List<String> args =
        new ArrayList<>(
            List.of(
                "bench",
                "--service",
                address(),
                "--load-images",
                IMAGES.toString(),
                "--json",
                json.toString()));
    args.addAll(List.of(options));
    assertThat(Headgate.execute(Map.of(), args.toArray(String[]::new))).isZero();
    return JSON.readTree(Files.readAllBytes(json));
  }

  /** Waits, within a bound, for a state that another process brings about. */
  static void await(BooleanSupplier state) {
    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(90);
    while (!state.getAsBoolean()) {
      assertThat(System.nanoTime()).as("the expected state did not come about").isLessThan(end);
      java.util.concurrent.locks.LockSupport.parkNanos(20_000_000);
    }
  }

  @Override
  public void close() {
    process.destroyForcibly();
  }
}
