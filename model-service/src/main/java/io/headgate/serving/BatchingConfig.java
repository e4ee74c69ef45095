package io.headgate.serving;

import java.time.Duration;
import java.util.List;
import java.util.TreeSet;

/**
 * How images of many callers become batches.
 *
 * @param maxBatch most images in one batch
 * @param linger how long the first image of a batch waits for company
 * @param lanes batches that run at the same time, each on a thread of its own; 1 for a GPU, one per
 *     core for a small model on CPUs
 * @param queueItems most images waiting
 * @param queueBytes most bytes of pixels waiting
 * @param queueTime most work waiting, in the time that it takes at the speed seen: an overload is
 *     over so soon after it stops. Two full batches per lane may wait however slow they are, and a
 *     call of any size when nothing else does
 * @param paddedSizes batch sizes that the device is given, rising and ending in {@code maxBatch};
 *     smaller batches are padded to the next one. Empty: no padding (CPU)
 */
public record BatchingConfig(
    int maxBatch,
    Duration linger,
    int lanes,
    int queueItems,
    long queueBytes,
    Duration queueTime,
    List<Integer> paddedSizes) {
  /**
   * @throws IllegalArgumentException if a bound is not positive or the padded sizes do not rise to
   *     the largest batch
   */
  public BatchingConfig {
    check("max batch", maxBatch, 1, 4096);
    check("lanes", lanes, 1, 1024);
    check("queue items", queueItems, maxBatch, Integer.MAX_VALUE);
    check("queue bytes", queueBytes, 1, Long.MAX_VALUE);
    check("queue time in ms", queueTime.toMillis(), 1, Duration.ofHours(1).toMillis());
    if (linger.isNegative() || linger.compareTo(Duration.ofSeconds(10)) > 0) {
      throw new IllegalArgumentException("linger: %s (expected: 0 to 10 s)".formatted(linger));
    }
    paddedSizes = List.copyOf(paddedSizes);
    if (!paddedSizes.isEmpty()
        && (!List.copyOf(new TreeSet<>(paddedSizes)).equals(paddedSizes)
            || paddedSizes.get(0) < 1
            || paddedSizes.get(paddedSizes.size() - 1) != maxBatch)) {
      throw new IllegalArgumentException(
          "padded sizes: %s (expected: rising, from at least 1 to the largest batch %d)"
              .formatted(paddedSizes, maxBatch));
    }
  }

  private static void check(String name, long value, long least, long most) {
    if (value < least || value > most) {
      throw new IllegalArgumentException(
          "%s: %d (expected: %d to %d)".formatted(name, value, least, most));
    }
  }

  /**
   * Batches of at most 32 after 2 ms, a lane per core; 1,024 images, 256 MiB or 0.5 s of work
   * waiting.
   */
  public static BatchingConfig defaults() {
    return new BatchingConfig(
        32,
        Duration.ofMillis(2),
        Runtime.getRuntime().availableProcessors(),
        1024,
        256L << 20,
        Duration.ofMillis(500),
        List.of());
  }

  /** One lane with batches padded to powers of two, as a GPU likes it. Not yet run on a GPU. */
  public BatchingConfig forGpu() {
    TreeSet<Integer> sizes = new TreeSet<>(List.of(maxBatch));
    for (int size = 1; size < maxBatch; size *= 2) {
      sizes.add(size);
    }
    return new BatchingConfig(
        maxBatch, linger, 1, queueItems, queueBytes, queueTime, List.copyOf(sizes));
  }

  /** Most images waiting when every image takes a lane so long; 0: not known yet. */
  int queueItems(double nanosPerItem) {
    double inTime = queueTime.toNanos() * (double) lanes / nanosPerItem;
    return (int) Math.min(queueItems, Math.max(2.0 * lanes * maxBatch, inTime));
  }

  /** The batch size that the device is given for {@code n} images. */
  int paddedSize(int n) {
    for (int size : paddedSizes) {
      if (size >= n) {
        return size;
      }
    }
    return n;
  }

  /** Batch sizes to be warmed before the service is ready: those padded to, or powers of two. */
  List<Integer> sizesToWarm() {
    return paddedSizes.isEmpty() ? forGpu().paddedSizes() : paddedSizes;
  }
}
