package io.headgate.stream;

import io.headgate.client.Backoff;
import java.time.Duration;

/**
 * All durations of the guard in one place, since they must fit together: see {@link TimingBudget}.
 *
 * @param linger how long an image waits for company in its batch
 * @param fillLinger how long a batch waits for images that are being decoded
 * @param deadline of one call of the service
 * @param attempts calls per image that must fit into one transaction
 * @param backoff between attempts
 * @param commitInterval of Kafka Streams: how often transactions are committed
 * @param transactionTimeout after which the broker aborts an open transaction
 * @param maxPollInterval after which the group takes a silent member's partitions away
 * @param outageAfter how long the service must be away before the outage policy applies
 * @param grace how long a clean shutdown may take
 */
public record Timing(
    Duration linger,
    Duration fillLinger,
    Duration deadline,
    int attempts,
    Backoff backoff,
    Duration commitInterval,
    Duration transactionTimeout,
    Duration maxPollInterval,
    Duration outageAfter,
    Duration grace) {
  public Timing {
    if (attempts < 1) {
      throw new IllegalArgumentException("attempts: %d (expected: at least 1)".formatted(attempts));
    }
    positive("commit interval", commitInterval);
    positive("transaction timeout", transactionTimeout);
    positive("max poll interval", maxPollInterval);
    positive("outage after", outageAfter);
    positive("grace", grace);
  }

  private static void positive(String name, Duration duration) {
    if (duration.isZero() || duration.isNegative()) {
      throw new IllegalArgumentException("%s: %s (expected: positive)".formatted(name, duration));
    }
  }

  /** The defaults; see docs/stream.md for how they fit together. */
  public static Timing defaults() {
    return new Timing(
        Duration.ofMillis(2),
        Duration.ofMillis(20),
        Duration.ofSeconds(8),
        3,
        new Backoff(Duration.ofMillis(50), Duration.ofSeconds(2)),
        Duration.ofMillis(100),
        Duration.ofSeconds(60),
        Duration.ofMinutes(15),
        Duration.ofMinutes(1),
        Duration.ofSeconds(20));
  }

  /** As this, with another commit interval. */
  public Timing withCommitInterval(Duration interval) {
    return new Timing(
        linger,
        fillLinger,
        deadline,
        attempts,
        backoff,
        interval,
        transactionTimeout,
        maxPollInterval,
        outageAfter,
        grace);
  }
}
