package io.headgate.client;

import java.time.Duration;
import java.util.random.RandomGenerator;

/**
 * Capped exponential backoff with equal jitter: attempt {@code n} (from 0) waits between half and
 * all of {@code min(cap, initial * 2^n)}. Half is kept so that a retry is never immediate, the rest
 * is random so that many clients do not return in step.
 *
 * @param initial wait before the first retry, positive
 * @param cap longest wait, at least {@code initial}
 */
public record Backoff(Duration initial, Duration cap) {
  public Backoff {
    if (initial.isNegative() || initial.isZero()) {
      throw new IllegalArgumentException("backoff: %s (expected: positive)".formatted(initial));
    }
    if (cap.compareTo(initial) < 0) {
      throw new IllegalArgumentException(
          "backoff cap: %s (expected: at least the initial %s)".formatted(cap, initial));
    }
  }

  /** The longest that attempt {@code attempt} (from 0) may wait. */
  public Duration longest(int attempt) {
    long factor = 1L << Math.min(30, Math.max(0, attempt));
    long nanos = initial.toNanos();
    long capNanos = cap.toNanos();
    return nanos > capNanos / factor ? cap : Duration.ofNanos(nanos * factor);
  }

  /** How long attempt {@code attempt} (from 0) waits. */
  public Duration delay(int attempt, RandomGenerator random) {
    long longest = longest(attempt).toNanos();
    return Duration.ofNanos(longest / 2 + (long) (random.nextDouble() * (longest - longest / 2)));
  }
}
