package io.headgate.serving;

import java.time.Duration;
import java.util.Optional;

/**
 * How a model is served.
 *
 * @param host address to bind to; loopback unless told otherwise
 * @param port of gRPC; 0 picks a free one
 * @param httpPort of metrics and probes; 0 picks a free one, empty switches it off
 * @param batching how calls become batches
 * @param limits what one caller may ask for
 * @param tls of gRPC; empty: plain text
 * @param grace how long running calls may take to end when the server closes
 * @param watchEvery how often watched files are looked at
 */
public record ServerConfig(
    String host,
    int port,
    Optional<Integer> httpPort,
    BatchingConfig batching,
    LimitsConfig limits,
    Optional<TlsConfig> tls,
    Duration grace,
    Duration watchEvery) {
  /** Only this machine can reach it. */
  public static final String LOOPBACK = "127.0.0.1";

  /** Default gRPC port of {@code headgate serve}. */
  public static final int DEFAULT_PORT = 7860;

  /** Default HTTP port of {@code headgate serve}. */
  public static final int DEFAULT_HTTP_PORT = 7861;

  /**
   * @throws IllegalArgumentException if a port or a duration is out of range
   */
  public ServerConfig {
    checkPort("port", port);
    httpPort.ifPresent(p -> checkPort("HTTP port", p));
    if (host.isBlank()) {
      throw new IllegalArgumentException("host: blank (expected: an address, such as 127.0.0.1)");
    }
    if (grace.isNegative()) {
      throw new IllegalArgumentException("grace: %s (expected: not negative)".formatted(grace));
    }
    if (watchEvery.toMillis() < 1) {
      throw new IllegalArgumentException(
          "watch interval: %s (expected: at least 1 ms)".formatted(watchEvery));
    }
    if (batching.queueItems() < limits.maxItemsPerRequest()) {
      throw new IllegalArgumentException(
          "queue items: %d (expected: at least the %d of one request)"
              .formatted(batching.queueItems(), limits.maxItemsPerRequest()));
    }
  }

  private static void checkPort(String name, int port) {
    if (port < 0 || port > 65535) {
      throw new IllegalArgumentException("%s: %d (expected: 0 to 65535)".formatted(name, port));
    }
  }

  /** On loopback at the default ports, with the default batching and limits, in plain text. */
  public static ServerConfig defaults() {
    return new ServerConfig(
        LOOPBACK,
        DEFAULT_PORT,
        Optional.of(DEFAULT_HTTP_PORT),
        BatchingConfig.defaults(),
        LimitsConfig.defaults(),
        Optional.empty(),
        Duration.ofSeconds(30),
        Duration.ofSeconds(1));
  }

  /** On a free loopback port without HTTP: for use inside another process. */
  public static ServerConfig inProcess() {
    return defaults().withPorts(0, Optional.empty()).withGrace(Duration.ofSeconds(5));
  }

  public ServerConfig withPorts(int grpc, Optional<Integer> http) {
    return new ServerConfig(host, grpc, http, batching, limits, tls, grace, watchEvery);
  }

  public ServerConfig withBatching(BatchingConfig other) {
    return new ServerConfig(host, port, httpPort, other, limits, tls, grace, watchEvery);
  }

  public ServerConfig withLimits(LimitsConfig other) {
    return new ServerConfig(host, port, httpPort, batching, other, tls, grace, watchEvery);
  }

  public ServerConfig withTls(TlsConfig other) {
    return new ServerConfig(
        host, port, httpPort, batching, limits, Optional.of(other), grace, watchEvery);
  }

  public ServerConfig withGrace(Duration other) {
    return new ServerConfig(host, port, httpPort, batching, limits, tls, other, watchEvery);
  }
}
