package io.headgate.command;

import io.grpc.Channel;
import io.grpc.ChannelCredentials;
import io.grpc.Grpc;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.headgate.v1.grpc.ImageResult;
import io.headgate.v1.grpc.ImageTensor;
import io.headgate.v1.grpc.InspectRequest;
import io.headgate.v1.grpc.InspectResponse;
import io.headgate.v1.grpc.InspectorGrpc;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/**
 * Callers that ask a model service and time its answers. Owns a thread per caller while it runs.
 *
 * <p>With a rate, calls have appointed times and their latency counts from then, so a service that
 * stalls cannot hide it by slowing its callers down (coordinated omission).
 */
final class ServiceLoad {
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
   * @param failures calls by status
   * @param calibrations answers by calibration id
   */
  record Outcome(
      double seconds,
      long answered,
      long images,
      long itemErrors,
      long[] latencies,
      Map<Status.Code, Long> failures,
      Map<String, Long> calibrations) {
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
      return failures.getOrDefault(code, 0L);
    }

    /** Calls that failed in another way than by being turned away or too late. */
    long errors() {
      return failures.entrySet().stream()
          .filter(
              e ->
                  e.getKey() != Status.Code.RESOURCE_EXHAUSTED
                      && e.getKey() != Status.Code.DEADLINE_EXCEEDED)
          .mapToLong(Map.Entry::getValue)
          .sum();
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

  Outcome run(Plan plan) throws InterruptedException {
    List<ManagedChannel> channels = new ArrayList<>();
    try {
      for (int i = 0; i < plan.connections(); i++) {
        channels.add(
            Grpc.newChannelBuilder(target, credentials).maxInboundMessageSize(64 << 20).build());
      }
      return run(plan, channels);
    } finally {
      channels.forEach(ManagedChannel::shutdownNow);
    }
  }

  private Outcome run(Plan plan, List<ManagedChannel> channels) throws InterruptedException {
    List<Caller> callers = new ArrayList<>();
    CountDownLatch ready = new CountDownLatch(plan.callers());
    CountDownLatch go = new CountDownLatch(1);
    for (int i = 0; i < plan.callers(); i++) {
      Caller caller = new Caller(i, plan, channels.get(i % channels.size()), ready, go);
      callers.add(caller);
      caller.start();
    }
    ready.await();
    long started = System.nanoTime();
    callers.forEach(caller -> caller.startNanos = started);
    go.countDown();
    try {
      for (Caller caller : callers) {
        caller.join();
      }
    } catch (InterruptedException e) {
      callers.forEach(Thread::interrupt);
      throw e;
    }
    return outcome(callers, (System.nanoTime() - started) / 1e9);
  }

  private static Outcome outcome(List<Caller> callers, double seconds) {
    Map<Status.Code, Long> failures = new EnumMap<>(Status.Code.class);
    Map<String, Long> calibrations = new TreeMap<>();
    long images = 0;
    long itemErrors = 0;
    int answered = callers.stream().mapToInt(c -> c.count).sum();
    long[] latencies = new long[answered];
    int at = 0;
    for (Caller caller : callers) {
      System.arraycopy(caller.latencies, 0, latencies, at, caller.count);
      at += caller.count;
      images += caller.images;
      itemErrors += caller.itemErrors;
      caller.failures.forEach((code, n) -> failures.merge(code, n, Long::sum));
      caller.calibrations.forEach((id, n) -> calibrations.merge(id, n, Long::sum));
    }
    Arrays.sort(latencies);
    return new Outcome(seconds, answered, images, itemErrors, latencies, failures, calibrations);
  }

  private final class Caller extends Thread {
    private final int index;
    private final Plan plan;
    private final InspectorGrpc.InspectorBlockingStub stub;
    private final CountDownLatch ready;
    private final CountDownLatch go;
    private final Map<Status.Code, Long> failures = new EnumMap<>(Status.Code.class);
    private final Map<String, Long> calibrations = new TreeMap<>();
    private volatile long startNanos;
    private long[] latencies = new long[1024];
    private int count;
    private long images;
    private long itemErrors;

    Caller(int index, Plan plan, Channel channel, CountDownLatch ready, CountDownLatch go) {
      super("headgate-caller-" + index);
      setDaemon(true);
      this.index = index;
      this.plan = plan;
      this.stub = InspectorGrpc.newBlockingStub(channel);
      this.ready = ready;
      this.go = go;
    }

    @Override
    public void run() {
      ready.countDown();
      try {
        go.await();
      } catch (InterruptedException e) {
        return;
      }
      long end = startNanos + plan.duration().toNanos();
      for (long call = 0; !isInterrupted(); call++) {
        long due = due(call);
        if (due - end >= 0) {
          return;
        }
        while (due - System.nanoTime() > 0) {
          LockSupport.parkNanos(due - System.nanoTime());
        }
        ask(call, plan.rate() == 0 ? System.nanoTime() : due);
      }
    }

    private long due(long call) {
      return plan.rate() == 0
          ? System.nanoTime()
          : startNanos + (long) ((call * plan.callers() + index) / plan.rate() * 1e9);
    }

    private void ask(long call, long since) {
      InspectRequest.Builder request = InspectRequest.newBuilder();
      for (int i = 0; i < plan.imagesPerCall(); i++) {
        long which = (call * plan.callers() + index) * plan.imagesPerCall() + i;
        request.addImages(
            ServiceLoad.this.images.get((int) (which % ServiceLoad.this.images.size())));
      }
      try {
        InspectResponse response =
            stub.withDeadlineAfter(plan.deadline().toNanos(), TimeUnit.NANOSECONDS)
                .inspect(request.build());
        answered(response, System.nanoTime() - since);
      } catch (StatusRuntimeException e) {
        failures.merge(e.getStatus().getCode(), 1L, Long::sum);
        if (e.getStatus().getCode() == Status.Code.RESOURCE_EXHAUSTED && plan.rate() == 0) {
          LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(5)); // A caller that heeds no hint.
        }
      }
    }

    private void answered(InspectResponse response, long nanos) {
      if (count == latencies.length) {
        latencies = Arrays.copyOf(latencies, 2 * count);
      }
      latencies[count++] = nanos;
      calibrations.merge(response.getCalibrationId(), 1L, Long::sum);
      for (ImageResult result : response.getResultsList()) {
        if (result.hasError()) {
          itemErrors++;
        } else {
          images++;
        }
      }
    }
  }
}
