package io.headgate.client;

import java.time.Duration;
import java.util.Optional;

/**
 * How the model service is called.
 *
 * @param address {@code host:port}, or any gRPC target such as {@code dns:///service:7070}; calls
 *     are spread over all addresses it resolves to
 * @param batch most images per call (the service's own limit applies as well)
 * @param linger how long an image waits for company when no other is on its way
 * @param fillLinger how long a batch waits for images that are known to be on their way
 * @param inFlight most calls open at a time
 * @param deadline of one call
 * @param backoff between attempts
 * @param topLabels labels asked for per image; 0 leaves it to the service
 * @param expectedModel fingerprint that the service must serve; empty for any
 * @param expectedCalibration id that the service must serve; empty for any
 * @param tls empty: in plain text
 */
public record ClientConfig(
    String address,
    int batch,
    Duration linger,
    Duration fillLinger,
    int inFlight,
    Duration deadline,
    Backoff backoff,
    int topLabels,
    String expectedModel,
    String expectedCalibration,
    Optional<ServiceTls> tls) {
  public ClientConfig {
    require(!address.isBlank(), "service address", address, "host:port");
    require(batch >= 1 && batch <= 1024, "batch", batch, "1 to 1024 images");
    require(!linger.isNegative(), "linger", linger, "zero or more");
    require(fillLinger.compareTo(linger) >= 0, "fill linger", fillLinger, "at least the linger");
    require(inFlight >= 1 && inFlight <= 256, "calls in flight", inFlight, "1 to 256");
    require(deadline.compareTo(Duration.ofMillis(10)) >= 0, "deadline", deadline, "at least 10 ms");
    require(topLabels >= 0, "top labels", topLabels, "zero or more");
  }

  private static void require(boolean ok, String name, Object value, String expected) {
    if (!ok) {
      throw new IllegalArgumentException("%s: %s (expected: %s)".formatted(name, value, expected));
    }
  }

  /** Defaults for a service at {@code address}, in plain text. */
  public static ClientConfig of(String address) {
    return new ClientConfig(
        address,
        32,
        Duration.ofMillis(2),
        Duration.ofMillis(20),
        2,
        Duration.ofSeconds(8),
        new Backoff(Duration.ofMillis(50), Duration.ofSeconds(2)),
        0,
        "",
        "",
        Optional.empty());
  }
}
