package io.headgate.serving;

import io.headgate.imaging.RgbImage;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLongArray;
import java.util.concurrent.locks.Condition;
import java.util.concurrent.locks.ReentrantLock;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Merges the images of concurrent calls into batches and runs them on the current engine. Owns its
 * lanes: one thread each, which take a batch, run it, and hand every image its outcome. {@link
 * #submit} and {@link #switchTo} may be called from any thread.
 *
 * <p>A call is bound to the engine that was current when it came in, so all its images are judged
 * by one model and one calibration, whatever is switched to meanwhile.
 */
final class DynamicBatcher implements AutoCloseable {
  private static final Duration SHORTEST_RETRY = Duration.ofMillis(5);
  private static final Duration LONGEST_RETRY = Duration.ofSeconds(5);
  private static final Logger log = LoggerFactory.getLogger(DynamicBatcher.class);

  private final BatchingConfig config;
  private final BatchListener listener;
  private final List<Thread> lanes = new ArrayList<>();

  /** Per lane: when its batch began, or 0 when it has none. */
  private final AtomicLongArray busySinceNanos;

  private final ReentrantLock lock = new ReentrantLock();
  private final Condition work = lock.newCondition();

  // Guarded by lock.
  private final FairQueue queue;
  private Generation current;
  private int idleLanes;
  private boolean closing;
  private double nanosPerItem;

  DynamicBatcher(BatchingConfig config, BatchListener listener) {
    this.config = config;
    this.listener = listener;
    this.queue = new FairQueue(config.queueItems(), config.queueBytes());
    this.busySinceNanos = new AtomicLongArray(config.lanes());
    for (int i = 0; i < config.lanes(); i++) {
      int lane = i;
      Thread thread = new Thread(() -> run(lane), "headgate-lane-" + lane);
      thread.setDaemon(true);
      lanes.add(thread);
      thread.start();
    }
  }

  /**
   * Makes calls from now on use this engine; closes the one before when its last call is answered.
   * The engine must be warm.
   *
   * @return completes when the engine before was closed; at once if there was none
   */
  CompletableFuture<Void> switchTo(BatchEngine engine) {
    Generation previous;
    lock.lock();
    try {
      if (closing) {
        throw new IllegalStateException("the batcher is closed");
      }
      previous = current;
      current = new Generation(previous == null ? 0 : previous.number() + 1, engine);
    } finally {
      lock.unlock();
    }
    if (previous == null) {
      return CompletableFuture.completedFuture(null);
    }
    previous.release();
    return previous.closed();
  }

  /** The current engine, retained for the asker, who must release it; null before the first. */
  Generation retainCurrent() {
    lock.lock();
    try {
      return current != null && current.tryRetain() ? current : null;
    } finally {
      lock.unlock();
    }
  }

  /** Whether a call of a single image of this caller would find no place now. */
  boolean refuses(Object caller) {
    lock.lock();
    try {
      return current != null
          && !closing
          && queue.refuses(caller, current.description().imageBytes());
    } finally {
      lock.unlock();
    }
  }

  /**
   * Queues images to be judged.
   *
   * @param caller whom to be fair to
   * @param requestId for the log
   * @param generation from {@link #retainCurrent()}; the call takes the hold over in any case
   * @param images at least one, all of the generation's size
   * @param deadlineNanos of {@link System#nanoTime()}, or {@link PendingCall#NO_DEADLINE}
   * @return the call, whose answer completes on a lane's thread
   * @throws CallRejectedException if there is no place in the queue
   */
  PendingCall submit(
      Object caller,
      String requestId,
      Generation generation,
      List<Question> images,
      long deadlineNanos)
      throws CallRejectedException {
    PendingCall call =
        new PendingCall(caller, requestId, generation, images, System.nanoTime(), deadlineNanos);
    call.answer().whenComplete((outcomes, failure) -> generation.release());
    FairQueue.Offer offer;
    Duration retryAfter;
    boolean shutDown;
    lock.lock();
    try {
      shutDown = closing;
      int before = queue.available();
      offer = closing ? new FairQueue.Offer(false, List.of()) : queue.offer(call);
      retryAfter = retryAfter();
      if (before == 0 || queue.available() >= config.maxBatch() || queue.nextBatchIsClosed()) {
        work.signal();
      }
    } finally {
      lock.unlock();
    }
    for (PendingCall evicted : offer.evicted()) {
      listener.rejected(BatchListener.Rejection.PUSHED_OUT);
      evicted.fail(
          CallRejectedException.full(
              "the queue is full and this caller held the most of it: try again in %d ms"
                  .formatted(retryAfter.toMillis()),
              retryAfter));
    }
    if (!offer.accepted()) {
      CallRejectedException rejection = rejection(shutDown, retryAfter);
      call.fail(rejection);
      throw rejection;
    }
    return call;
  }

  private CallRejectedException rejection(boolean shutDown, Duration retryAfter) {
    listener.rejected(
        shutDown ? BatchListener.Rejection.SHUTTING_DOWN : BatchListener.Rejection.QUEUE_FULL);
    return shutDown
        ? CallRejectedException.shuttingDown(retryAfter)
        : CallRejectedException.full(
            "the queue is full (at most %d images, %d bytes or %d ms of work): try again in %d ms"
                .formatted(
                    config.queueItems(),
                    config.queueBytes(),
                    config.queueTime().toMillis(),
                    retryAfter.toMillis()),
            retryAfter);
  }

  /** When the queue as it is now will have been worked off; call with the lock held. */
  private Duration retryAfter() {
    Duration drained = Duration.ofNanos((long) (queue.items() * nanosPerItem / config.lanes()));
    return drained.compareTo(SHORTEST_RETRY) < 0
        ? SHORTEST_RETRY
        : drained.compareTo(LONGEST_RETRY) > 0 ? LONGEST_RETRY : drained;
  }

  /** When a refused caller may try again. */
  Duration retryHint() {
    lock.lock();
    try {
      return retryAfter();
    } finally {
      lock.unlock();
    }
  }

  /** Gives up a call whose caller is gone: what waits is freed, what runs is not answered. */
  void cancel(PendingCall call) {
    if (call.isOver()) {
      return;
    }
    lock.lock();
    try {
      queue.remove(call);
    } finally {
      lock.unlock();
    }
    if (call.answer().cancel(false)) {
      boolean late = call.expired(System.nanoTime());
      listener.rejected(
          late ? BatchListener.Rejection.DEADLINE : BatchListener.Rejection.CANCELLED);
    }
  }

  int queuedItems() {
    lock.lock();
    try {
      return queue.items();
    } finally {
      lock.unlock();
    }
  }

  long queuedBytes() {
    lock.lock();
    try {
      return queue.bytes();
    } finally {
      lock.unlock();
    }
  }

  int busyLanes() {
    int busy = 0;
    for (int i = 0; i < busySinceNanos.length(); i++) {
      busy += busySinceNanos.get(i) == 0 ? 0 : 1;
    }
    return busy;
  }

  /** How long the batch that runs longest has been running. */
  Duration longestRunning() {
    long now = System.nanoTime();
    long longest = 0;
    for (int i = 0; i < busySinceNanos.length(); i++) {
      long since = busySinceNanos.get(i);
      longest = since == 0 ? longest : Math.max(longest, now - since);
    }
    return Duration.ofNanos(longest);
  }

  /**
   * Whether the current engine fails on everything, a plain grey image included: only a restart or
   * another model can help.
   */
  boolean broken() {
    lock.lock();
    try {
      return current != null && current.isBroken();
    } finally {
      lock.unlock();
    }
  }

  private void run(int lane) {
    FairQueue.Batch batch;
    while ((batch = take()) != null) {
      for (PendingCall call : batch.expired()) {
        listener.rejected(BatchListener.Rejection.DEADLINE);
        call.fail(
            new DeadlinePassedException(
                "the deadline passed before the images reached the device: allow more time or send"
                    + " less"));
      }
      if (batch.slots().isEmpty()) {
        continue;
      }
      if (!batch.generation().tryRetain()) {
        continue; // All its calls were cancelled since.
      }
      busySinceNanos.set(lane, Math.max(1, System.nanoTime()));
      try {
        long now = System.nanoTime();
        for (FairQueue.Slot slot : batch.slots()) {
          listener.itemWaited(now - slot.call().enqueuedNanos());
        }
        judge(batch.generation(), batch.slots());
        suspect(batch.generation());
      } catch (RuntimeException | Error unexpected) {
        log.error("a lane failed outside of the forward; its batch is lost", unexpected);
        batch.slots().forEach(slot -> slot.call().fail(unexpected));
      } finally {
        busySinceNanos.set(lane, 0);
        batch.generation().release();
      }
    }
  }

  /** Waits for a batch; null when the batcher is closed and everything was handed out. */
  private FairQueue.Batch take() {
    lock.lock();
    idleLanes++;
    try {
      while (true) {
        int available = queue.available();
        if (available == 0) {
          if (closing) {
            return null;
          }
          work.awaitUninterruptibly();
          continue;
        }
        long now = System.nanoTime();
        // What has waited for a lane has lingered enough: a free lane must not idle before it.
        long lingered = now - queue.waitingSinceNanos();
        if (available >= config.maxBatch()
            || lingered >= config.linger().toNanos()
            || queue.nextBatchIsClosed()
            || closing) {
          FairQueue.Batch batch = queue.poll(share(available), now);
          if (queue.available() > 0 && idleLanes > 1) {
            work.signal();
          }
          return batch;
        }
        awaitNanos(config.linger().toNanos() - lingered);
      }
    } finally {
      idleLanes--;
      lock.unlock();
    }
  }

  /** Idle lanes share what there is: half the images on twice the cores take half the time. */
  private int share(int available) {
    int even = (available + idleLanes - 1) / idleLanes;
    return Math.min(config.maxBatch(), even);
  }

  private void awaitNanos(long nanos) {
    try {
      work.awaitNanos(nanos);
    } catch (InterruptedException e) {
      // Lanes end by closing, not by interruption; a stray one must not lose the batch.
      log.debug("lane interrupted while waiting", e);
    }
  }

  /** Runs one batch, split as long as it fails. */
  private void judge(Generation generation, List<FairQueue.Slot> slots) {
    List<Question> images = new ArrayList<>(slots.size());
    for (FairQueue.Slot slot : slots) {
      images.add(slot.call().question(slot.index()));
    }
    long started = System.nanoTime();
    List<Judged> results;
    try {
      results = judgePadded(generation.engine(), images);
    } catch (RuntimeException | LinkageError | OutOfMemoryError | StackOverflowError e) {
      listener.batchFailed(slots.size(), e);
      isolate(generation, slots, e);
      return;
    }
    generation.worked();
    long took = System.nanoTime() - started;
    listener.batchEnded(slots.size(), took);
    learnSpeed((double) took / slots.size());
    for (int i = 0; i < slots.size(); i++) {
      FairQueue.Slot slot = slots.get(i);
      slot.call().finish(slot.index(), new ItemOutcome.Done(results.get(i)));
    }
    results.forEach(judged -> listener.itemJudged(generation.engine(), judged));
  }

  private List<Judged> judgePadded(BatchEngine engine, List<Question> images) {
    int size = images.size();
    int padded = config.paddedSize(size);
    for (int i = size; i < padded; i++) {
      images.add(images.get(size - 1));
    }
    List<Judged> results = engine.judge(images);
    if (results.size() != padded) {
      throw new IllegalStateException(
          "engine: %d results (expected: %d)".formatted(results.size(), padded));
    }
    return results.subList(0, size);
  }

  private void isolate(Generation generation, List<FairQueue.Slot> slots, Throwable why) {
    if (slots.size() > 1) {
      int half = slots.size() / 2;
      judge(generation, slots.subList(0, half));
      judge(generation, slots.subList(half, slots.size()));
      return;
    }
    FairQueue.Slot slot = slots.get(0);
    log.atWarn()
        .addKeyValue("request_id", slot.call().requestId())
        .addKeyValue("image", slot.index())
        .log("the forward failed on an image: {}", String.valueOf(why), why);
    generation.failed();
    listener.itemFailed(ItemOutcome.Code.INFERENCE_FAILED);
    slot.call()
        .finish(
            slot.index(),
            new ItemOutcome.Failed(
                ItemOutcome.Code.INFERENCE_FAILED,
                "the forward pass failed on this image (%s): do not retry it, look at the service's log"
                    .formatted(why.getClass().getSimpleName())));
  }

  /** Tells many bad images from a bad engine. */
  private void suspect(Generation generation) {
    if (!generation.isSuspicious()) {
      return;
    }
    int side = generation.description().imageSize();
    byte[] grey = new byte[generation.description().imageBytes()];
    Arrays.fill(grey, (byte) 128);
    try {
      judgePadded(
          generation.engine(),
          new ArrayList<>(List.of(Question.of(new RgbImage(side, side, grey)))));
      generation.worked();
    } catch (RuntimeException | LinkageError | OutOfMemoryError | StackOverflowError e) {
      if (!generation.isBroken()) {
        log.error("the model fails on every image, a plain grey one included: restart it", e);
      }
      generation.markBroken();
    }
  }

  private void learnSpeed(double nanos) {
    lock.lock();
    try {
      nanosPerItem = nanosPerItem == 0 ? nanos : 0.9 * nanosPerItem + 0.1 * nanos;
      queue.shorten(config.queueItems(nanosPerItem));
    } finally {
      lock.unlock();
    }
  }

  /**
   * Takes no more calls, works off what waits, and ends the lanes.
   *
   * @return false if they were not done in time; what still waited was then rejected
   */
  boolean drain(Duration grace) {
    lock.lock();
    try {
      closing = true;
      work.signalAll();
    } finally {
      lock.unlock();
    }
    long end = System.nanoTime() + grace.toNanos();
    boolean ended = true;
    for (Thread lane : lanes) {
      ended &= join(lane, end - System.nanoTime());
    }
    List<PendingCall> left;
    Generation last;
    lock.lock();
    try {
      left = queue.clear();
      last = current;
      current = null;
    } finally {
      lock.unlock();
    }
    for (PendingCall call : left) {
      call.fail(rejection(true, LONGEST_RETRY));
    }
    if (last != null) {
      last.release();
    }
    return ended;
  }

  private static boolean join(Thread thread, long nanos) {
    try {
      TimeUnit.NANOSECONDS.timedJoin(thread, Math.max(1, nanos));
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
    return !thread.isAlive();
  }

  /** Drains for at most a second; see {@link #drain(Duration)}. */
  @Override
  public void close() {
    drain(Duration.ofSeconds(1));
  }
}
