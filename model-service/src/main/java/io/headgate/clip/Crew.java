package io.headgate.clip;

import ai.djl.pytorch.jni.JniUtils;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.ThreadFactory;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.IntFunction;

/**
 * The threads of one call. Several images are shared out: the caller's thread and its helpers each
 * take the next piece until none is left, and torch computes a piece on one thread. Torch's own
 * way, all threads in every product, meets at a barrier hundreds of times per call, where a busy
 * machine makes it up to fifty times slower; it is kept for fewer images than threads.
 *
 * <p>Torch's number of threads belongs to the thread that calls it (and MKL's to the process: it
 * stays 1), so products are shared out from a thread of their own, one call after the other. What a
 * call computes thus depends on its images alone, never on who else calls.
 */
final class Crew implements AutoCloseable {
  private final int size;
  private final ExecutorService helpers;
  private final ExecutorService lead;

  /**
   * @param size threads of one call, the caller's included
   */
  Crew(int size) {
    this.size = size;
    this.helpers = size == 1 ? null : daemons(size - 1, "clip-helper");
    this.lead = size == 1 ? null : daemons(1, "clip-lead");
    if (size > 1) {
      Future<?> set = lead.submit(() -> JniUtils.setNumThreads(size));
      get(set);
      JniUtils.setNumThreads(1);
    }
  }

  private static ExecutorService daemons(int count, String name) {
    ThreadFactory factory =
        task -> {
          Thread thread = new Thread(task, name);
          thread.setDaemon(true);
          return thread;
        };
    return Executors.newFixedThreadPool(count, factory);
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

  /** Runs work whose every product is shared out. */
  <T> T together(Callable<T> work) {
    return lead == null ? share(1, i -> call(work)).get(0) : get(lead.submit(work));
  }

  /** Runs work as torch would by itself, MKL's products shared out too: one call at a time. */
  <T> T torchWay(Callable<T> work) {
    if (lead == null) {
      return together(work);
    }
    try {
      return get(
          lead.submit(
              () -> {
                JniUtils.setNumThreads(size);
                return work.call();
              }));
    } finally {
      JniUtils.setNumThreads(1);
    }
  }

  private static <T> T call(Callable<T> work) {
    try {
      return work.call();
    } catch (RuntimeException e) {
      throw e;
    } catch (Exception e) {
      throw new IllegalStateException("work throws unchecked exceptions only", e);
    }
  }

  /** Torch's number belongs to the thread, and new threads take the process's. */
  private static void oneThread() {
    if (JniUtils.getNumThreads() != 1) {
      JniUtils.setNumThreads(1);
    }
  }

  private static void await(CountDownLatch left) {
    uninterrupted(
        () -> {
          left.await();
          return null;
        });
  }

  private static <T> T get(Future<T> future) {
    try {
      return uninterrupted(future::get);
    } catch (CompletionException e) {
      if (e.getCause() instanceof RuntimeException cause) {
        throw cause;
      }
      if (e.getCause() instanceof Error cause) {
        throw cause;
      }
      throw e;
    }
  }

  private interface Wait<T> {
    T once() throws InterruptedException, ExecutionException;
  }

  /** Pieces are milliseconds long and hold native memory of the caller: no way out before. */
  private static <T> T uninterrupted(Wait<T> wait) {
    boolean interrupted = false;
    try {
      while (true) {
        try {
          return wait.once();
        } catch (InterruptedException e) {
          interrupted = true;
        } catch (ExecutionException e) {
          throw new CompletionException(e.getCause());
        }
      }
    } finally {
      if (interrupted) {
        Thread.currentThread().interrupt();
      }
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
      lead.shutdown();
    }
  }
}
