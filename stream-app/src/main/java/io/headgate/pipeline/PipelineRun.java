package io.headgate.pipeline;

import com.google.protobuf.ByteString;
import io.headgate.broker.ChildProcess;
import io.headgate.client.ClientMetrics;
import io.headgate.console.Progress;
import io.headgate.imaging.ImageLimits;
import io.headgate.imaging.ImagePreprocessor;
import io.headgate.imaging.ImageRejectedException;
import io.headgate.imaging.RgbImage;
import io.headgate.rig.HeadgateProcess;
import io.headgate.rig.Rig;
import io.headgate.rig.RigOptions;
import io.headgate.samples.ReferenceSet;
import io.headgate.samples.Sample;
import io.headgate.stream.GuardMetrics;
import io.headgate.stream.Timing;
import io.headgate.stream.Topics;
import io.headgate.v1.grpc.ImageTensor;
import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.TreeMap;
import java.util.concurrent.ExecutionException;

/**
 * Measures everything in one run on one rig, so that the figures can be held against each other.
 *
 * <p>Used by one thread.
 */
final class PipelineRun {
  private static final String ATTACK = "badnet8";
  private static final int BATCH = 32;
  private static final int IN_FLIGHT = 2;
  private static final int PARTITIONS = 4;
  private static final int BLOCKING_THREADS = PARTITIONS;
  private static final int LARGE_BYTES = 200_000;
  private static final int LARGE_FILES = 24;
  private static final int LEAST_EVENTS = 300;
  private static final int IDLE_EVENTS_PER_SECOND = 8;
  private static final int WARM_UP_EVENTS_PER_SECOND = 400;
  private static final long HEAP_BYTES = 512L << 20;
  private static final Duration PATIENCE = Duration.ofMinutes(3);
  private static final long SEED = 1;

  /** While a backlog builds up, the guard sees only its beginning: those do not count. */
  private static final double NOT_COUNTED = 0.15;

  private final Path folder;
  private final Path registryHome;
  private final ReferenceSet reference;
  private final Duration length;
  private final Progress progress;

  /**
   * @param folder for data and logs
   * @param length of each measurement
   */
  PipelineRun(
      Path folder, Path registryHome, ReferenceSet reference, Duration length, Progress progress) {
    this.folder = folder;
    this.registryHome = registryHome;
    this.reference = reference;
    this.length = length;
    this.progress = progress;
  }

  /** Number of steps that the progress is told of. */
  static int steps() {
    return 7;
  }

  PipelineFigures run() throws IOException, InterruptedException, ExecutionException {
    List<Sample> samples = new ArrayList<>(reference.cleanTest());
    samples.addAll(reference.triggered(ATTACK));
    Collections.shuffle(samples, new Random(SEED));
    List<byte[]> small = samples.stream().map(Sample::bytes).toList();
    List<byte[]> large = Jpegs.of(samples, LARGE_FILES, LARGE_BYTES, SEED);
    try (Rig rig =
        Rig.start(
            new RigOptions(
                folder,
                registryHome,
                reference.model(ATTACK),
                reference.cleanValidation(),
                List.of("-Xmx768m"),
                List.of("-Xmx512m"),
                Map.of()))) {
      progress.advance(1);
      return measure(rig, small, large);
    }
  }

  private PipelineFigures measure(Rig rig, List<byte[]> small, List<byte[]> large)
      throws IOException, InterruptedException, ExecutionException {
    DirectLoad load = new DirectLoad(rig.serviceAddress(), tensors(small, rig.imageSize()));
    load.run(BATCH, IN_FLIGHT, length);
    Duration cpuBefore = rig.service().process().cpu();
    double direct = load.run(BATCH, IN_FLIGHT, length);
    double directCpu =
        rig.service().process().cpu().minus(cpuBefore).toNanos()
            / 1e6
            / (direct * length.toSeconds());
    progress.advance(1);

    PipelineFigures.Saturated two;
    PipelineFigures.Idle idle;
    PipelineFigures.Large big;
    try (Runner runner = new Runner(rig, "two", 2)) {
      two = runner.saturated(small, direct);
      progress.advance(1);
      idle = runner.idle(small);
      progress.advance(1);
      big = runner.large(large);
      progress.advance(1);
    }
    PipelineFigures.Saturated one;
    try (Runner runner = new Runner(rig, "one", 1)) {
      one = runner.saturated(small, direct);
      progress.advance(1);
    }
    double best = Math.max(one.eventsPerSecond(), two.eventsPerSecond());
    PipelineFigures.Blocking blocking = blocking(rig, small, best);
    progress.advance(1);
    return new PipelineFigures(
        new PipelineFigures.Setting(
            Runtime.getRuntime().availableProcessors(),
            ATTACK,
            BATCH,
            IN_FLIGHT,
            PARTITIONS,
            Timing.defaults().commitInterval().toMillis(),
            (long) small.stream().mapToInt(image -> image.length).average().orElseThrow(),
            HEAP_BYTES),
        direct,
        directCpu,
        List.of(one, two),
        blocking,
        idle,
        big,
        List.of(
            atLeast("events/s of the service driven directly", best / direct, 0.85),
            atMost("idle latency p50, ms", idle.p50(), 150),
            atLeast("fullness of batches, 1 thread", one.fullness(), 0.8),
            atLeast("fullness of batches, 2 threads", two.fullness(), 0.8),
            atMost("heap at 200 kB images, MB", big.heapPeakBytes() / (1 << 20), 512)));
  }

  /** Events for one measurement at this rate. */
  private int events(double perSecond) {
    return Math.max(LEAST_EVENTS, (int) (perSecond * length.toSeconds()));
  }

  private static PipelineFigures.Target atLeast(String name, double measured, double least) {
    return new PipelineFigures.Target(name, "at least " + least, measured, measured >= least);
  }

  private static PipelineFigures.Target atMost(String name, double measured, double most) {
    return new PipelineFigures.Target(name, "at most " + most, measured, measured <= most);
  }

  private static Topics topics(String name) {
    return new Topics(
        name + ".submitted",
        name + ".clean",
        name + ".repaired",
        name + ".quarantined",
        name + ".dead");
  }

  private static List<ImageTensor> tensors(List<byte[]> files, int size) throws IOException {
    ImagePreprocessor imaging = new ImagePreprocessor(ImageLimits.defaults());
    List<ImageTensor> tensors = new ArrayList<>(files.size());
    for (byte[] file : files) {
      RgbImage image;
      try {
        image = imaging.crop(file, size);
      } catch (ImageRejectedException e) {
        throw new IOException("a reference image cannot be read: " + e.getMessage(), e);
      }
      tensors.add(
          ImageTensor.newBuilder()
              .setWidth(size)
              .setHeight(size)
              .setRgb(ByteString.copyFrom(image.rgb()))
              .build());
    }
    return tensors;
  }

  /** Events per second by the times of their outputs. */
  private static double rate(long[] times) {
    int first = (int) (NOT_COUNTED * times.length);
    double seconds = (times[times.length - 1] - times[first]) / 1e3;
    return (times.length - 1 - first) / seconds;
  }

  private PipelineFigures.Blocking blocking(Rig rig, List<byte[]> small, double best)
      throws InterruptedException, ExecutionException {
    Topics topics = topics("blocking");
    rig.create(topics, PARTITIONS);
    Map<String, Object> settings =
        Map.of(
            "commit.interval.ms",
            Timing.defaults().commitInterval().toMillis(),
            "producer.linger.ms",
            5,
            "producer.retry.backoff.ms",
            10L);
    try (Course course = new Course(rig.broker().bootstrap(), rig.serdes(), topics)) {
      int count = events(best);
      course.submit(small, count);
      long[] times;
      try (BlockingGuard guard =
          BlockingGuard.start(
              rig.broker().bootstrap(),
              rig.serdes(),
              rig.serviceAddress(),
              rig.imageSize(),
              topics,
              BLOCKING_THREADS,
              folder.resolve("blocking"),
              settings)) {
        times = course.collect(count, length.multipliedBy(3));
      }
      if (times.length < LEAST_EVENTS / 2) {
        throw new IllegalStateException("one blocking call per record: nothing came out");
      }
      double rate = rate(times);
      return new PipelineFigures.Blocking(BLOCKING_THREADS, times.length, rate, best / rate);
    }
  }

  /** A guard of its own topics, warm. */
  private final class Runner implements AutoCloseable {
    private final int threads;
    private final String group;
    private final Map<String, ChildProcess> processes;
    private final HeadgateProcess guard;
    private final Course course;

    Runner(Rig rig, String name, int threads)
        throws IOException, InterruptedException, ExecutionException {
      this.threads = threads;
      this.group = "headgate-" + name;
      Topics topics = topics(name);
      rig.create(topics, PARTITIONS);
      this.guard =
          rig.guard(
              "guard-" + name,
              group,
              topics,
              List.of("-Xmx" + (HEAP_BYTES >> 20) + "m"),
              Map.of(),
              List.of(
                  "--threads", Integer.toString(threads),
                  "--batch", Integer.toString(BATCH),
                  "--in-flight", Integer.toString(IN_FLIGHT)));
      guard.process().start();
      guard.awaitReady(PATIENCE);
      this.processes =
          Map.of(
              "guard", guard.process(),
              "broker", rig.broker().process(),
              "service", rig.service().process());
      this.course = new Course(rig.broker().bootstrap(), rig.serdes(), topics);
    }

    PipelineFigures.Saturated saturated(List<byte[]> images, double direct)
        throws IOException, InterruptedException, ExecutionException {
      double guess = rate(backlog(images, events(WARM_UP_EVENTS_PER_SECOND)));
      int count = events(guess);
      Scrape before = new Scrape(guard.metrics());
      Map<String, Double> cpuBefore = cpuMillis();
      double rate = rate(backlog(images, count));
      Scrape after = new Scrape(guard.metrics());
      Map<String, Double> cpu = new TreeMap<>(cpuMillis());
      cpu.replaceAll((process, millis) -> (millis - cpuBefore.get(process)) / count);
      return new PipelineFigures.Saturated(
          threads,
          count,
          rate,
          rate / direct,
          after.meanSince(before, ClientMetrics.BATCH_ITEMS) / BATCH,
          1e3 * after.meanSince(before, GuardMetrics.DECODE),
          cpu);
    }

    private Map<String, Double> cpuMillis() {
      Map<String, Double> millis = new TreeMap<>();
      processes.forEach((name, process) -> millis.put(name, process.cpu().toNanos() / 1e6));
      return millis;
    }

    PipelineFigures.Idle idle(List<byte[]> images) throws InterruptedException {
      double[] sorted =
          course.latencies(images, (int) (IDLE_EVENTS_PER_SECOND * length.toSeconds()), PATIENCE);
      return new PipelineFigures.Idle(
          sorted.length,
          sorted[sorted.length / 2],
          sorted[(int) (0.95 * sorted.length)],
          sorted[sorted.length - 1]);
    }

    PipelineFigures.Large large(List<byte[]> images)
        throws IOException, InterruptedException, ExecutionException {
      double guess = rate(backlog(images, LEAST_EVENTS));
      int count = events(guess);
      Scrape before = new Scrape(guard.metrics());
      double rate;
      HeapWatch watch = new HeapWatch(guard);
      try (watch) {
        rate = rate(backlog(images, count));
      }
      Scrape after = new Scrape(guard.metrics());
      return new PipelineFigures.Large(
          (long) images.stream().mapToInt(image -> image.length).average().orElseThrow(),
          count,
          rate,
          after.meanSince(before, ClientMetrics.BATCH_ITEMS) / BATCH,
          1e3 * after.meanSince(before, GuardMetrics.DECODE),
          watch.peak());
    }

    /**
     * Lets a backlog build up while the guard stands still, and then lets it run.
     *
     * @return when each event came out
     */
    private long[] backlog(List<byte[]> images, int count)
        throws IOException, InterruptedException, ExecutionException {
      guard.process().freeze();
      try {
        course.submit(images, count);
      } finally {
        guard.process().thaw();
      }
      course.awaitCommitted(group, PATIENCE);
      long[] times = course.collect(count, PATIENCE);
      if (times.length < count) {
        throw new IOException(
            "only %d of %d events came out; see %s"
                .formatted(times.length, count, guard.process().output()));
      }
      return times;
    }

    @Override
    public void close() {
      course.close();
      guard.close();
    }
  }
}
