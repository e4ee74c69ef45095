package io.headgate.serving;

import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * An engine between being switched to and being closed. Counts who still needs it: being current is
 * one holder, every unfinished call another, every running batch another; the last one to let go
 * closes the engine. Safe for concurrent use.
 */
final class Generation {
  /** After so many failed images without a success between them, the engine is suspected. */
  private static final int SUSPICIOUS_FAILURES = 16;

  private static final Logger log = LoggerFactory.getLogger(Generation.class);

  private final long number;
  private final BatchEngine engine;
  private final EngineDescription description;
  private final AtomicInteger holders = new AtomicInteger(1);
  private final CompletableFuture<Void> closed = new CompletableFuture<>();
  private final AtomicInteger failuresInARow = new AtomicInteger();
  private volatile boolean broken;

  /**
   * @param number higher than those before
   */
  Generation(long number, BatchEngine engine) {
    this.number = number;
    this.engine = engine;
    this.description = engine.description();
  }

  long number() {
    return number;
  }

  BatchEngine engine() {
    return engine;
  }

  EngineDescription description() {
    return description;
  }

  /** The engine has judged images. */
  void worked() {
    failuresInARow.set(0);
    broken = false;
  }

  /** The engine has failed on an image. */
  void failed() {
    failuresInARow.incrementAndGet();
  }

  /** Whether it has failed so often that the images may not be to blame. */
  boolean isSuspicious() {
    return failuresInARow.get() >= SUSPICIOUS_FAILURES;
  }

  /** The engine fails on everything. */
  void markBroken() {
    broken = true;
  }

  boolean isBroken() {
    return broken;
  }

  /** Completes after the engine was closed. */
  CompletableFuture<Void> closed() {
    return closed;
  }

  /** Becomes a holder, unless the engine is closed already. */
  boolean tryRetain() {
    int n;
    do {
      n = holders.get();
      if (n == 0) {
        return false;
      }
    } while (!holders.compareAndSet(n, n + 1));
    return true;
  }

  /** Lets go. */
  void release() {
    int n = holders.decrementAndGet();
    if (n == 0) {
      try {
        engine.close();
      } catch (RuntimeException e) {
        // Whoever lets go last, a lane or a caller, is not to blame and must go on.
        log.error("{} was not unloaded cleanly", description.ids(), e);
      } finally {
        closed.complete(null);
      }
    } else if (n < 0) {
      throw new IllegalStateException("generation released more often than retained");
    }
  }
}
