package io.headgate.clip;

import ai.djl.pytorch.jni.JniUtils;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.IntFunction;

/**
 * Shares a batch out by images: the caller's thread and its helpers each take the next piece until
 * none is left. Torch itself computes on one thread per piece. Its own way, all threads in every
 * product, meets at a barrier hundreds of times per image, where a busy machine makes it up to
 * fifty times slower.
 */
final class Crew implements AutoCloseable {
  private final int size;
  private final ExecutorService helpers;

  /**
   * @param size threads of one call, the caller's included
   */
  Crew(int size) {
    this.size = size;
    this.helpers =
        size == 1
            ? null
            : Executors.newFixedThreadPool(
                size - 1,
                task -> {
                  Thread thread = new Thread(task, "clip-helper");
                  thread.setDaemon(true);
                  return thread;
                });
  }

  /** Threads of one call. */
  int size() {
    return size;
  }

  /** Results of pieces 0 to n-1 in order; throws what the first failing piece threw. */
  <T> List<T> share(int pieces, IntFunction<T> work) {
    Object[] results = new Object[pieces];
    AtomicInteger next = new AtomicInteger();
    AtomicReference<Throwable> failure = new AtomicReference<>();
    CountDownLatch left = new CountDownLatch(pieces);
    Runnable share =
        () -> {
          for (int i = next.getAndIncrement(); i < pieces; i = next.getAndIncrement()) {
            try {
              oneThread();
              results[i] = work.apply(i);
            } catch (RuntimeException | Error e) {
              failure.compareAndSet(null, e);
            } finally {
              left.countDown();
            }
          }
        };
    for (int helper = 1; helper < Math.min(size, pieces); helper++) {
      helpers.execute(share);
    }
    share.run();
    await(left);
    Throwable thrown = failure.get();
    if (thrown instanceof RuntimeException e) {
      throw e;
    }
    if (thrown instanceof Error e) {
      throw e;
    }
    return cast(results);
  }

  /** Torch's number belongs to the thread, and new threads take the process's. */
  private static void oneThread() {
    if (JniUtils.getNumThreads() != 1) {
      JniUtils.setNumThreads(1);
    }
  }

  /** Pieces are milliseconds long and hold native memory of the caller: no way out before. */
  private static void await(CountDownLatch left) {
    boolean interrupted = false;
    while (true) {
      try {
        left.await();
        break;
      } catch (InterruptedException e) {
        interrupted = true;
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  @SuppressWarnings("unchecked")
  private static <T> List<T> cast(Object[] results) {
    return (List<T>) new ArrayList<>(Arrays.asList(results));
  }

  @Override
  public void close() {
    if (helpers != null) {
      helpers.shutdown();
    }
  }
}
