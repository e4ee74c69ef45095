package io.headgate.command;

import io.grpc.ChannelCredentials;
import io.grpc.Grpc;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.stub.StreamObserver;
import io.headgate.v1.grpc.ImageResult;
import io.headgate.v1.grpc.ImageTensor;
import io.headgate.v1.grpc.InspectRequest;
import io.headgate.v1.grpc.InspectResponse;
import io.headgate.v1.grpc.InspectorGrpc;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/**
 * Callers that ask a model service and time its answers. A caller is no thread: its next call goes
 * out from where the last answer came in, or from a timer, so thousands of them take little from
 * the service that they measure.
 *
 * <p>With a rate, calls have appointed times and their latency counts from then, so a service that
 * stalls cannot hide it by slowing its callers down (coordinated omission).
 */
final class ServiceLoad {
  /** Pause of a caller that was turned away and heeds no hint. */
  private static final Duration PAUSE = Duration.ofMillis(5);

  /** What a service under too much load answers. */
  private static final Set<Status.Code> OVERLOADED =
      EnumSet.of(Status.Code.RESOURCE_EXHAUSTED, Status.Code.DEADLINE_EXCEEDED);

  /**
   * What to ask, and how hard.
   *
   * @param callers at the same time, each with one call open at most
   * @param rate calls per second of all callers together; 0: each asks again once answered
   * @param duration of the run
   * @param imagesPerCall in one request
   * @param deadline of every call
   * @param connections that the callers share
   */
  record Plan(
      int callers,
      double rate,
      Duration duration,
      int imagesPerCall,
      Duration deadline,
      int connections) {
    Plan {
      if (callers < 1 || imagesPerCall < 1 || connections < 1 || !(rate >= 0)) {
        throw new IllegalArgumentException(
            "load: %d callers, %d images per call, %d connections, rate %s (expected: at least 1 of each, rate not negative)"
                .formatted(callers, imagesPerCall, connections, rate));
      }
      if (duration.isNegative() || duration.isZero() || deadline.isNegative()) {
        throw new IllegalArgumentException(
            "load: duration %s, deadline %s (expected: positive)".formatted(duration, deadline));
      }
    }
  }

  /**
   * What came back.
   *
   * @param seconds from the first call to the last answer
   * @param answered calls
   * @param images judged in them
   * @param itemErrors images that failed alone
   * @param latencies of answered calls in nanoseconds, rising
   * @param failures calls that were not answered, by status
   * @param calibrations answers by calibration id
   * @param unsent calls whose appointed time passed while every caller was still waiting
   */
  record Outcome(
      double seconds,
      long answered,
      long images,
      long itemErrors,
      long[] latencies,
      Map<Status.Code, Failed> failures,
      Map<String, Long> calibrations,
      long unsent) {
    /**
     * Calls that failed in one way.
     *
     * @param calls how many
     * @param example what the service said to one of them
     */
    record Failed(long calls, String example) {
      Failed and(Failed more) {
        return new Failed(calls + more.calls, example);
      }
    }

    /** Of several runs, one after the other. */
    static Outcome together(List<Outcome> runs) {
      Map<Status.Code, Failed> failures = new EnumMap<>(Status.Code.class);
      Map<String, Long> calibrations = new TreeMap<>();
      runs.forEach(run -> run.failures.forEach((code, n) -> failures.merge(code, n, Failed::and)));
      runs.forEach(
          run -> run.calibrations.forEach((id, n) -> calibrations.merge(id, n, Long::sum)));
      return new Outcome(
          runs.stream().mapToDouble(Outcome::seconds).sum(),
          runs.stream().mapToLong(Outcome::answered).sum(),
          runs.stream().mapToLong(Outcome::images).sum(),
          runs.stream().mapToLong(Outcome::itemErrors).sum(),
          runs.stream().flatMapToLong(run -> Arrays.stream(run.latencies)).sorted().toArray(),
          failures,
          calibrations,
          runs.stream().mapToLong(Outcome::unsent).sum());
    }

    /** Images per second. */
    double throughput() {
      return images / seconds;
    }

    /**
     * Nearest-rank percentile of the latencies in milliseconds; NaN without any.
     *
     * @param p in (0, 100]
     */
    double percentileMillis(double p) {
      if (latencies.length == 0) {
        return Double.NaN;
      }
      int rank = (int) Math.ceil(p / 100 * latencies.length);
      return latencies[Math.max(0, rank - 1)] / 1e6;
    }

    long failed(Status.Code code) {
      Failed failed = failures.get(code);
      return failed == null ? 0 : failed.calls();
    }

    /** Calls that failed in another way than by being turned away or too late. */
    Map<Status.Code, Failed> errors() {
      Map<Status.Code, Failed> errors = new EnumMap<>(Status.Code.class);
      errors.putAll(failures);
      errors.keySet().removeAll(OVERLOADED);
      return errors;
    }
  }

  private final String target;
  private final ChannelCredentials credentials;
  private final List<ImageTensor> images;

  /**
   * @param target {@code HOST:PORT}
   * @param images asked about in turns, at least one
   */
  ServiceLoad(String target, ChannelCredentials credentials, List<ImageTensor> images) {
    this.target = target;
    this.credentials = credentials;
    this.images = List.copyOf(images);
  }

  /** Runs the plan, and waits for the answers to its last calls. */
  Outcome run(Plan plan) throws InterruptedException {
    List<ManagedChannel> channels = new ArrayList<>();
    ScheduledExecutorService timer =
        Executors.newSingleThreadScheduledExecutor(
            task -> {
              Thread thread = new Thread(task, "headgate-load");
              thread.setDaemon(true);
              return thread;
            });
    try {
      for (int i = 0; i < plan.connections(); i++) {
        channels.add(
            Grpc.newChannelBuilder(target, credentials)
                .directExecutor()
                .maxInboundMessageSize(64 << 20)
                .build());
      }
      CountDownLatch left = new CountDownLatch(plan.callers());
      long started = System.nanoTime();
      List<Caller> callers = new ArrayList<>();
      for (int i = 0; i < plan.callers(); i++) {
        ManagedChannel channel = channels.get(i % channels.size());
        callers.add(new Caller(i, plan, InspectorGrpc.newStub(channel), timer, started, left));
      }
      callers.forEach(Caller::next);
      left.await();
      return outcome(callers, (System.nanoTime() - started) / 1e9);
    } finally {
      timer.shutdownNow();
      channels.forEach(ManagedChannel::shutdownNow);
    }
  }

  private static Outcome outcome(List<Caller> callers, double seconds) {
    Map<Status.Code, Outcome.Failed> failures = new EnumMap<>(Status.Code.class);
    Map<String, Long> calibrations = new TreeMap<>();
    long images = 0;
    long itemErrors = 0;
    long unsent = 0;
    long[] latencies = new long[callers.stream().mapToInt(c -> c.count).sum()];
    int at = 0;
    for (Caller caller : callers) {
      System.arraycopy(caller.latencies, 0, latencies, at, caller.count);
      at += caller.count;
      images += caller.images;
      itemErrors += caller.itemErrors;
      unsent += caller.unsent;
      caller.failures.forEach((code, n) -> failures.merge(code, n, Outcome.Failed::and));
      caller.calibrations.forEach((id, n) -> calibrations.merge(id, n, Long::sum));
    }
    Arrays.sort(latencies);
    return new Outcome(
        seconds, latencies.length, images, itemErrors, latencies, failures, calibrations, unsent);
  }

  /**
   * One caller, with one call open at most, so that its fields belong to whoever carries that call:
   * the thread that starts it, then the channel's, then the timer's.
   */
  private final class Caller implements StreamObserver<InspectResponse> {
    private final int index;
    private final Plan plan;
    private final InspectorGrpc.InspectorStub stub;
    private final ScheduledExecutorService timer;
    private final long startNanos;
    private final long endNanos;
    private final CountDownLatch left;
    private final Map<Status.Code, Outcome.Failed> failures = new EnumMap<>(Status.Code.class);
    private final Map<String, Long> calibrations = new TreeMap<>();
    private long[] latencies = new long[256];
    private int count;
    private long images;
    private long itemErrors;
    private long unsent;
    private long calls;
    private long sinceNanos;

    Caller(
        int index,
        Plan plan,
        InspectorGrpc.InspectorStub stub,
        ScheduledExecutorService timer,
        long startNanos,
        CountDownLatch left) {
      this.index = index;
      this.plan = plan;
      this.stub = stub;
      this.timer = timer;
      this.startNanos = startNanos;
      this.endNanos = startNanos + plan.duration().toNanos();
      this.left = left;
    }

    /** Makes the next call when it is due. */
    void next() {
      if (plan.rate() == 0) {
        at(System.nanoTime());
      } else {
        at(startNanos + (long) ((calls * plan.callers() + index) / plan.rate() * 1e9));
      }
    }

    private void at(long dueNanos) {
      long now = System.nanoTime();
      if (dueNanos - endNanos >= 0) {
        left.countDown();
      } else if (now - endNanos >= 0) {
        long each = (long) (plan.callers() / plan.rate() * 1e9);
        unsent += (endNanos - dueNanos + each - 1) / each;
        left.countDown();
      } else if (dueNanos - now > 0) {
        timer.schedule(() -> ask(dueNanos), dueNanos - now, TimeUnit.NANOSECONDS);
      } else {
        ask(dueNanos);
      }
    }

    private void ask(long since) {
      sinceNanos = since;
      InspectRequest.Builder request = InspectRequest.newBuilder();
      long first = (calls++ * plan.callers() + index) * plan.imagesPerCall();
      for (int i = 0; i < plan.imagesPerCall(); i++) {
        request.addImages(
            ServiceLoad.this.images.get((int) ((first + i) % ServiceLoad.this.images.size())));
      }
      stub.withDeadlineAfter(plan.deadline().toNanos(), TimeUnit.NANOSECONDS)
          .inspect(request.build(), this);
    }

    @Override
    public void onNext(InspectResponse response) {
      if (count == latencies.length) {
        latencies = Arrays.copyOf(latencies, 2 * count);
      }
      latencies[count++] = System.nanoTime() - sinceNanos;
      calibrations.merge(response.getCalibrationId(), 1L, Long::sum);
      for (ImageResult result : response.getResultsList()) {
        if (result.hasError()) {
          itemErrors++;
        } else {
          images++;
        }
      }
    }

    @Override
    public void onCompleted() {
      next();
    }

    @Override
    public void onError(Throwable failure) {
      Status status = Status.fromThrowable(failure);
      failures.merge(
          status.getCode(),
          new Outcome.Failed(1, ServiceBench.reason(status)),
          Outcome.Failed::and);
      // Never from here: a channel that fails at once would call back ever deeper.
      timer.schedule(this::next, plan.rate() == 0 ? PAUSE.toNanos() : 0, TimeUnit.NANOSECONDS);
    }
  }
}
