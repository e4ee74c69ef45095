package io.headgate.client;

import java.time.Duration;
import java.util.Optional;
import java.util.random.RandomGenerator;

/**
 * Whether calls may be sent. A failure opens the circuit for a backoff; then one call tries, and
 * its outcome closes the circuit or opens it for longer.
 *
 * <p>Guarded by the lock of the client that owns it.
 */
final class Circuit {
  /** In the order of {@link ClientMetrics#CIRCUIT}. */
  enum State {
    CLOSED,
    HALF_OPEN,
    OPEN
  }

  private final Backoff backoff;
  private final RandomGenerator random;
  private State state = State.CLOSED;
  private int failures;
  private boolean outage;
  private long outageSinceNanos;

  Circuit(Backoff backoff, RandomGenerator random) {
    this.backoff = backoff;
    this.random = random;
  }

  State state() {
    return state;
  }

  /** How many calls may be open at a time. */
  int callsAllowed(int whenClosed) {
    return switch (state) {
      case CLOSED -> whenClosed;
      case HALF_OPEN -> 1;
      case OPEN -> 0;
    };
  }

  /** How long no call has succeeded although some were tried; an overloaded service is there. */
  Optional<Duration> outage() {
    return outage
        ? Optional.of(Duration.ofNanos(System.nanoTime() - outageSinceNanos))
        : Optional.empty();
  }

  /**
   * A call failed.
   *
   * @return how long to wait before {@link #halfOpen()}; empty when that is under way already
   */
  Optional<Duration> failed(CallFailure failure) {
    if (state == State.OPEN) {
      return Optional.empty();
    }
    if (!failure.isOverload() && !outage) {
      outage = true;
      outageSinceNanos = System.nanoTime();
    }
    state = State.OPEN;
    Duration wait = backoff.delay(failures++, random);
    Duration asked = failure.retryAfter().orElse(Duration.ZERO);
    if (asked.compareTo(backoff.cap()) > 0) {
      asked = backoff.cap();
    }
    return Optional.of(asked.compareTo(wait) > 0 ? asked : wait);
  }

  /** The wait is over; unless a call that was under way has succeeded meanwhile, one may try. */
  void halfOpen() {
    if (state == State.OPEN) {
      state = State.HALF_OPEN;
    }
  }

  /**
   * A call succeeded.
   *
   * @return whether the circuit was not closed before
   */
  boolean succeeded() {
    boolean recovered = state != State.CLOSED;
    state = State.CLOSED;
    failures = 0;
    outage = false;
    return recovered;
  }
}
