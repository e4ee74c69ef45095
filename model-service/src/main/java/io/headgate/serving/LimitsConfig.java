package io.headgate.serving;

import java.time.Duration;
import java.util.Optional;

/**
 * What one caller may ask for.
 *
 * @param maxItemsPerRequest images in one call
 * @param maxRequestBytes of one message; larger ones are refused unread with RESOURCE_EXHAUSTED
 * @param maxCallsPerConnection running at the same time
 * @param keepAliveTime a silent connection is pinged after this long
 * @param keepAliveTimeout and closed when it does not answer for this long
 * @param permittedKeepAlive a client that pings more often is cut off
 * @param maxConnectionAge connections are closed gracefully after this long, so that clients spread
 *     over new replicas; empty: never
 * @param stallLimit a batch that runs longer than this makes {@code /livez} fail
 */
public record LimitsConfig(
    int maxItemsPerRequest,
    int maxRequestBytes,
    int maxCallsPerConnection,
    Duration keepAliveTime,
    Duration keepAliveTimeout,
    Duration permittedKeepAlive,
    Optional<Duration> maxConnectionAge,
    Duration stallLimit) {
  /**
   * @throws IllegalArgumentException if a bound or a duration is not positive
   */
  public LimitsConfig {
    positive("max items per request", maxItemsPerRequest);
    positive("max request bytes", maxRequestBytes);
    positive("max calls per connection", maxCallsPerConnection);
    positive("keep-alive time", keepAliveTime.toMillis());
    positive("keep-alive timeout", keepAliveTimeout.toMillis());
    positive("permitted keep-alive", permittedKeepAlive.toMillis());
    maxConnectionAge.ifPresent(age -> positive("max connection age", age.toMillis()));
    positive("stall limit", stallLimit.toMillis());
  }

  private static void positive(String name, long value) {
    if (value < 1) {
      throw new IllegalArgumentException("%s: %d (expected: at least 1)".formatted(name, value));
    }
  }

  /** 64 images and 16 MiB a call, 1,024 calls a connection. */
  public static LimitsConfig defaults() {
    return new LimitsConfig(
        64,
        16 << 20,
        1024,
        Duration.ofMinutes(1),
        Duration.ofSeconds(20),
        Duration.ofSeconds(10),
        Optional.empty(),
        Duration.ofMinutes(1));
  }
}
