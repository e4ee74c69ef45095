package io.headgate.imaging;

import java.time.Duration;

/** The moment by which one image must be done. */
final class Deadline {
  private final Duration budget;
  private final long endNanos;

  private Deadline(Duration budget, long endNanos) {
    this.budget = budget;
    this.endNanos = endNanos;
  }

  static Deadline after(Duration budget) {
    return new Deadline(budget, System.nanoTime() + budget.toNanos());
  }

  boolean passed() {
    return System.nanoTime() - endNanos > 0;
  }

  void check() throws ImageRejectedException {
    if (passed()) {
      throw new ImageRejectedException(
          RejectionCode.TIMEOUT,
          "decoding took longer than %d ms (the image is too complex for the limit): raise the"
                  .formatted(budget.toMillis())
              + " decode deadline if such images are expected");
    }
  }
}
