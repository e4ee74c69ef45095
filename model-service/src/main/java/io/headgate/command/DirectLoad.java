package io.headgate.command;

import io.headgate.guard.Guard;
import io.headgate.imaging.RgbImage;
import io.headgate.v1.grpc.ImageTensor;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.LongStream;

/**
 * Calls a guard directly in full batches, as fast as it goes: what a service over the same model
 * can reach at best. Owns its threads while it runs.
 */
final class DirectLoad {
  private final Guard guard;
  private final List<RgbImage> images;
  private final int batch;
  private final int threads;

  /**
   * @param images judged in turns, at least one
   * @param batch images at once
   * @param threads that call at the same time
   */
  DirectLoad(Guard guard, List<ImageTensor> images, int batch, int threads) {
    this.guard = guard;
    this.images =
        images.stream()
            .map(t -> new RgbImage(t.getWidth(), t.getHeight(), t.getRgb().toByteArray()))
            .toList();
    this.batch = batch;
    this.threads = threads;
  }

  /**
   * What was reached.
   *
   * @param images judged
   * @param seconds that took
   * @param batchNanos of every batch, rising
   */
  record Outcome(long images, double seconds, long[] batchNanos) {
    /** Of several runs, one after the other. */
    static Outcome together(List<Outcome> runs) {
      return new Outcome(
          runs.stream().mapToLong(Outcome::images).sum(),
          runs.stream().mapToDouble(Outcome::seconds).sum(),
          runs.stream().flatMapToLong(run -> Arrays.stream(run.batchNanos)).sorted().toArray());
    }

    /** Images per second. */
    double throughput() {
      return images / seconds;
    }

    /** Median time of a batch while all threads work; NaN without any. */
    double batchMillis() {
      return batchNanos.length == 0 ? Double.NaN : batchNanos[batchNanos.length / 2] / 1e6;
    }
  }

  Outcome run(Duration duration) throws InterruptedException {
    long started = System.nanoTime();
    long end = started + duration.toNanos();
    AtomicLong next = new AtomicLong();
    List<LongStream.Builder> times = new ArrayList<>();
    List<Thread> callers = new ArrayList<>();
    for (int i = 0; i < threads; i++) {
      LongStream.Builder own = LongStream.builder();
      times.add(own);
      Thread caller = new Thread(() -> call(next, end, own), "headgate-direct-" + i);
      caller.setDaemon(true);
      callers.add(caller);
      caller.start();
    }
    for (Thread caller : callers) {
      caller.join();
    }
    double seconds = (System.nanoTime() - started) / 1e9;
    long[] batches = times.stream().flatMapToLong(LongStream.Builder::build).sorted().toArray();
    return new Outcome((long) batches.length * batch, seconds, batches);
  }

  private void call(AtomicLong next, long end, LongStream.Builder times) {
    while (System.nanoTime() - end < 0) {
      long first = next.getAndAdd(batch);
      List<RgbImage> full = new ArrayList<>(batch);
      for (int i = 0; i < batch; i++) {
        full.add(images.get((int) ((first + i) % images.size())));
      }
      long started = System.nanoTime();
      guard.judge(full);
      times.add(System.nanoTime() - started);
    }
  }
}
