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
      throw rejection();
    }
  }

  ImageRejectedException rejection() {
    return new ImageRejectedException(
        RejectionCode.TIMEOUT,
        "decoding took longer than %d ms (the picture is too complex or the machine too busy): scale it"
                .formatted(budget.toMillis())
            + " down or save it as baseline, or decode on more cores");
  }
}
