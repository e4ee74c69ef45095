package io.headgate.serving;

import java.time.Duration;

/** There was no place for a call: back off and try again, or try another replica. */
final class CallRejectedException extends Exception {
  private static final long serialVersionUID = 1L;
  private final transient Duration retryAfter;
  private final boolean shuttingDown;

  private CallRejectedException(String message, Duration retryAfter, boolean shuttingDown) {
    super(message, null, false, false);
    this.retryAfter = retryAfter;
    this.shuttingDown = shuttingDown;
  }

  static CallRejectedException full(String message, Duration retryAfter) {
    return new CallRejectedException(message, retryAfter, false);
  }

  static CallRejectedException shuttingDown(Duration retryAfter) {
    return new CallRejectedException(
        "the service is shutting down: try another replica", retryAfter, true);
  }

  /** Whether this replica will not have a place any more. */
  boolean isShuttingDown() {
    return shuttingDown;
  }

  /** When a place is likely to be free. */
  Duration retryAfter() {
    return retryAfter;
  }
}
