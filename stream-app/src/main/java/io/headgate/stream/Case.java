package io.headgate.stream;

import io.headgate.v1.ImageSubmitted;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Future;

/**
 * One record on its way to an outcome. Written by the judge's threads, awaited by a stream thread.
 */
final class Case {
  /** What is known once the image is in the service's hands. */
  record Prepared(ImageSubmitted event, byte[] sha256) {}

  final String topic;
  final byte[] value;

  /** Completed when the image is handed to the service, or with {@link #outcome}. */
  final CompletableFuture<Prepared> prepared = new CompletableFuture<>();

  final CompletableFuture<Outcome> outcome = new CompletableFuture<>();

  private boolean abandoned;
  private Future<?> call;
  private int attempts;

  Case(String topic, byte[] value) {
    this.topic = topic;
    this.value = value;
  }

  synchronized void inspecting(Future<?> futureVerdict) {
    call = futureVerdict;
    if (abandoned) {
      futureVerdict.cancel(false);
    }
  }

  /** Attempts at preparing so far, counting from 0. */
  synchronized int nextAttempt() {
    return attempts++;
  }

  /** Nobody waits any more: work on it stops at the next step. */
  void abandon() {
    Future<?> open;
    synchronized (this) {
      abandoned = true;
      open = call;
    }
    if (open != null) {
      open.cancel(false);
    }
    outcome.cancel(false);
    prepared.cancel(false);
  }

  synchronized boolean isAbandoned() {
    return abandoned;
  }
}
