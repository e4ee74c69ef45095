package io.headgate.serving;

import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * The images of one call on their way through the batcher. Its place in the queue belongs to the
 * batcher's lock; its outcomes may be set by several lanes at once.
 */
final class PendingCall {
  /** Deadline of a call that has none. */
  static final long NO_DEADLINE = Long.MAX_VALUE;

  private final Object caller;
  private final String requestId;
  private final Generation generation;
  private final List<Question> images;
  private final long imageBytes;
  private final long enqueuedNanos;
  private final long deadlineNanos;
  private final ItemOutcome[] outcomes;
  private final AtomicInteger unfinished;
  private final CompletableFuture<List<ItemOutcome>> answer = new CompletableFuture<>();

  /** Next image to be handed out; guarded by the batcher's lock. */
  private int next;

  /**
   * @param caller whom to be fair to, compared with equals
   * @param requestId for the log
   * @param generation retained for this call
   * @param images at least one, all of the generation's size
   * @param enqueuedNanos of {@link System#nanoTime()}
   * @param deadlineNanos of the same clock, or {@link #NO_DEADLINE}
   */
  PendingCall(
      Object caller,
      String requestId,
      Generation generation,
      List<Question> images,
      long enqueuedNanos,
      long deadlineNanos) {
    this.caller = caller;
    this.requestId = requestId;
    this.generation = generation;
    this.images = List.copyOf(images);
    this.imageBytes = generation.description().imageBytes();
    this.enqueuedNanos = enqueuedNanos;
    this.deadlineNanos = deadlineNanos;
    this.outcomes = new ItemOutcome[images.size()];
    this.unfinished = new AtomicInteger(images.size());
  }

  Object caller() {
    return caller;
  }

  String requestId() {
    return requestId;
  }

  Generation generation() {
    return generation;
  }

  Question question(int index) {
    return images.get(index);
  }

  int size() {
    return images.size();
  }

  long imageBytes() {
    return imageBytes;
  }

  long bytes() {
    return imageBytes * size();
  }

  long enqueuedNanos() {
    return enqueuedNanos;
  }

  boolean expired(long nowNanos) {
    return deadlineNanos != NO_DEADLINE && nowNanos - deadlineNanos >= 0;
  }

  /** Outcomes in the order of the images, or why the whole call failed. */
  CompletableFuture<List<ItemOutcome>> answer() {
    return answer;
  }

  boolean isOver() {
    return answer.isDone();
  }

  /** Sets one image's outcome; the last one completes the call. */
  void finish(int index, ItemOutcome outcome) {
    outcomes[index] = outcome;
    if (unfinished.decrementAndGet() == 0) {
      answer.complete(Arrays.asList(outcomes));
    }
  }

  void fail(Throwable why) {
    answer.completeExceptionally(why);
  }

  // What follows is guarded by the batcher's lock.

  int waiting() {
    return size() - next;
  }

  boolean started() {
    return next > 0;
  }

  int takeNext() {
    return next++;
  }
}
