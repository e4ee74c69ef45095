package io.headgate.client;

import com.google.protobuf.UnsafeByteOperations;
import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.stub.StreamObserver;
import io.headgate.imaging.RgbImage;
import io.headgate.v1.grpc.DescribeRequest;
import io.headgate.v1.grpc.ImageResult;
import io.headgate.v1.grpc.ImageTensor;
import io.headgate.v1.grpc.InspectOptions;
import io.headgate.v1.grpc.InspectRequest;
import io.headgate.v1.grpc.InspectResponse;
import io.headgate.v1.grpc.InspectorGrpc;
import io.micrometer.core.instrument.Counter;
import io.micrometer.core.instrument.DistributionSummary;
import io.micrometer.core.instrument.Gauge;
import io.micrometer.core.instrument.MeterRegistry;
import io.micrometer.core.instrument.Timer;
import java.time.Duration;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.Iterator;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Collects single images into calls of the model service and repeats what fails.
 *
 * <p>Any thread submits; gRPC's threads and one timer thread complete. All state is guarded by
 * {@code lock}, and no future is completed while it is held.
 *
 * <p><b>When a batch leaves.</b> As soon as it is full. Otherwise, after {@code linger} when no
 * further image was {@link #announce() announced}; after {@code fillLinger} when some were; and not
 * before a call returns when some were and the service is busy anyway.
 *
 * <p><b>When a call fails</b> the circuit opens: nothing is sent until the backoff is over, then
 * one call tries, and its outcome closes the circuit or opens it for longer. The images of a failed
 * call stay queued: an outage never fails an image. An image is refused only when the service says
 * so, or when calls with it fail time and again while others succeed: failed calls are halved until
 * the culprit is alone, and after {@value #BLAMED_AFTER} failures alone, with successes of others
 * between them, it is given up with {@link InspectionRejectedException#FAILS_CALLS}.
 */
public final class InspectorClient implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(InspectorClient.class);
  private static final int BLAMED_AFTER = 3;

  /** Longest that an image waits in the queue of a service that answers, for others to join it. */
  public static final Duration LONGEST_HOLD = Duration.ofSeconds(1);

  /** An image waiting for its verdict. Guarded by the client's lock, but for the future. */
  private static final class Item {
    final ImageTensor tensor;
    final CompletableFuture<Inspected> result = new CompletableFuture<>();
    final long queuedNanos = System.nanoTime();
    int batchLimit = Integer.MAX_VALUE;
    int failures;
    int failuresAlone;
    long failedNanos;

    Item(ImageTensor tensor) {
      this.tensor = tensor;
    }
  }

  /** An image that is on its way: it is either submitted or withdrawn, once. */
  public final class Arrival {
    private boolean over;

    private Arrival() {}

    /**
     * Hands the image in.
     *
     * @return its judgement; fails with {@link InspectionRejectedException} or {@link
     *     ClientClosedException} and nothing else. Cancelling it takes the image out of the queue
     */
    public CompletableFuture<Inspected> submit(RgbImage image) {
      end();
      return InspectorClient.this.submit(image);
    }

    /** Says that the image will not come; harmless after {@link #submit}. */
    public void withdraw() {
      if (end()) {
        pump();
      }
    }

    private boolean end() {
      synchronized (lock) {
        if (over) {
          return false;
        }
        over = true;
        expected--;
        return true;
      }
    }
  }

  private final ClientConfig config;
  private final ManagedChannel channel;
  private final InspectorGrpc.InspectorStub stub;
  private final InspectorGrpc.InspectorBlockingStub blockingStub;
  private final InspectOptions options;
  private final ScheduledExecutorService timer;
  private final MeterRegistry metrics;
  private final DistributionSummary batchItems;
  private final Counter retried;

  private final Object lock = new Object();
  private final Circuit circuit;
  private final Deque<Item> queue = new ArrayDeque<>();
  private int expected;
  private int inFlight;
  private long succeededNanos = Long.MIN_VALUE;
  private long wakeNanos = Long.MAX_VALUE;
  private boolean closed;
  private volatile ServiceDescription description;

  /**
   * Opens the channel; nothing is sent yet.
   *
   * @throws io.headgate.console.UserException if a PEM file for TLS cannot be used
   */
  public InspectorClient(ClientConfig config, MeterRegistry metrics) {
    this.config = config;
    this.timer =
        Executors.newSingleThreadScheduledExecutor(
            task -> {
              Thread thread = new Thread(task, "headgate-client-timer");
              thread.setDaemon(true);
              return thread;
            });
    try {
      this.channel = ServiceChannel.open(config, timer);
    } catch (RuntimeException e) {
      timer.shutdownNow();
      throw e;
    }
    this.circuit = new Circuit(config.backoff(), new SplittableRandom());
    this.stub = InspectorGrpc.newStub(channel);
    this.blockingStub = InspectorGrpc.newBlockingStub(channel);
    this.options = InspectOptions.newBuilder().setTopLabels(config.topLabels()).build();
    this.metrics = metrics;
    this.batchItems =
        DistributionSummary.builder(ClientMetrics.BATCH_ITEMS)
            .description("Images per call of the model service.")
            .register(metrics);
    this.retried =
        Counter.builder(ClientMetrics.RETRIED)
            .description("Images sent again after a call failed.")
            .register(metrics);
    Gauge.builder(ClientMetrics.CIRCUIT, this, c -> c.circuitState())
        .description("0 closed, 1 half open, 2 open.")
        .register(metrics);
    Gauge.builder(ClientMetrics.OUTAGE, this, c -> c.outage().map(InspectorClient::s).orElse(0.0))
        .description("How long the model service has not answered; 0 while it does.")
        .register(metrics);
    Gauge.builder(ClientMetrics.QUEUED, this, c -> c.queued())
        .description("Images waiting for a call.")
        .register(metrics);
    Gauge.builder(ClientMetrics.IN_FLIGHT, this, c -> c.callsInFlight())
        .description("Calls open.")
        .register(metrics);
  }

  private static double s(Duration duration) {
    return duration.toNanos() / 1e9;
  }

  /**
   * Asks the service what it serves and remembers the answer, which sets batch and image size from
   * now on.
   *
   * @throws ServiceUnavailableException if it does not answer, or serves another model or
   *     calibration than expected
   */
  public ServiceDescription describe() {
    channel.resetConnectBackoff();
    ServiceDescription answer;
    try {
      answer =
          ServiceDescription.of(
              blockingStub
                  .withDeadlineAfter(config.deadline().toMillis(), TimeUnit.MILLISECONDS)
                  .describe(DescribeRequest.getDefaultInstance()));
    } catch (StatusRuntimeException e) {
      throw new ServiceUnavailableException(
          "model service at %s: %s".formatted(config.address(), CallFailure.text(e.getStatus())),
          e);
    }
    check("model", config.expectedModel(), answer.modelFingerprint());
    check("calibration", config.expectedCalibration(), answer.calibrationId());
    description = answer;
    return answer;
  }

  private void check(String what, String expectedId, String servedId) {
    if (!expectedId.isEmpty() && !expectedId.equals(servedId)) {
      throw new ServiceUnavailableException(
          "model service at %s serves %s %s (expected: %s); deploy that one or change the guard's expectation"
              .formatted(config.address(), what, servedId, expectedId),
          null);
    }
  }

  /** What the service last said about itself; empty before the first {@link #describe()}. */
  public Optional<ServiceDescription> description() {
    return Optional.ofNullable(description);
  }

  /** Says that an image is on its way, so that a batch waits for it. */
  public Arrival announce() {
    synchronized (lock) {
      expected++;
    }
    return new Arrival();
  }

  /** Hands in an image that was not announced. See {@link Arrival#submit}. */
  public CompletableFuture<Inspected> submit(RgbImage image) {
    Item item =
        new Item(
            ImageTensor.newBuilder()
                .setWidth(image.width())
                .setHeight(image.height())
                // safe: an RgbImage's array is not written to again
                .setRgb(UnsafeByteOperations.unsafeWrap(image.rgb()))
                .build());
    boolean refused;
    synchronized (lock) {
      refused = closed;
      if (!refused) {
        queue.addLast(item);
      }
    }
    if (refused) {
      item.result.completeExceptionally(new ClientClosedException());
    } else {
      pump();
    }
    return item.result;
  }

  /** How long no call has succeeded although some were tried; empty while the service answers. */
  public Optional<Duration> outage() {
    synchronized (lock) {
      return circuit.outage();
    }
  }

  private int circuitState() {
    synchronized (lock) {
      return circuit.state().ordinal();
    }
  }

  private int queued() {
    synchronized (lock) {
      return queue.size();
    }
  }

  private int callsInFlight() {
    synchronized (lock) {
      return inFlight;
    }
  }

  /** Sends what is due. Called whenever something has changed that may make a batch leave. */
  private void pump() {
    while (true) {
      List<Item> batch;
      synchronized (lock) {
        queue.removeIf(item -> item.result.isDone()); // cancelled ones
        if (closed || queue.isEmpty() || inFlight >= circuit.callsAllowed(config.inFlight())) {
          return;
        }
        int size = nextBatch();
        if (size < Math.min(batchLimit(), queue.peekFirst().batchLimit)
            && size == queue.size()
            && circuit.state() == Circuit.State.CLOSED) {
          long due = dueNanos(queue.peekFirst());
          long now = System.nanoTime();
          if (now < due) {
            wakeAt(due, now);
            return;
          }
        }
        batch = new ArrayList<>(size);
        while (batch.size() < size) {
          batch.add(queue.pollFirst());
        }
        inFlight++;
      }
      send(batch);
    }
  }

  private int batchLimit() {
    ServiceDescription served = description;
    if (served == null) {
      return config.batch();
    }
    int limit = Math.min(config.batch(), served.maxItems());
    if (served.maxRequestBytes() > 0) {
      // 64 bytes per image and 4 kB per call cover protobuf's framing
      long fit = (served.maxRequestBytes() - 4096) / (served.tensorBytes() + 64L);
      limit = (int) Math.max(1, Math.min(limit, fit));
    }
    return limit;
  }

  /** Number of images at the head of the queue that may travel together. */
  private int nextBatch() {
    int limit = batchLimit();
    int size = 0;
    for (Iterator<Item> items = queue.iterator(); items.hasNext() && size < limit; ) {
      limit = Math.min(limit, items.next().batchLimit);
      if (size < limit) {
        size++;
      }
    }
    return size;
  }

  private long dueNanos(Item head) {
    if (expected == 0) {
      return head.queuedNanos + config.linger().toNanos();
    }
    // a busy service gains nothing from a small batch now, unless that call hangs
    return head.queuedNanos + (inFlight > 0 ? LONGEST_HOLD : config.fillLinger()).toNanos();
  }

  private void wakeAt(long due, long now) {
    if (due >= wakeNanos) {
      return;
    }
    wakeNanos = due;
    schedule(
        () -> {
          synchronized (lock) {
            wakeNanos = Long.MAX_VALUE;
          }
          pump();
        },
        due - now);
  }

  private void schedule(Runnable task, long nanos) {
    try {
      timer.schedule(task, nanos, TimeUnit.NANOSECONDS);
    } catch (RejectedExecutionException e) {
      log.trace("closed while scheduling", e);
    }
  }

  private void send(List<Item> batch) {
    batchItems.record(batch.size());
    InspectRequest.Builder request =
        InspectRequest.newBuilder()
            .setOptions(options)
            .setExpectedModelFingerprint(config.expectedModel())
            .setExpectedCalibrationId(config.expectedCalibration());
    batch.forEach(item -> request.addImages(item.tensor));
    Timer.Sample sample = Timer.start(metrics);
    stub.withDeadlineAfter(config.deadline().toMillis(), TimeUnit.MILLISECONDS)
        .inspect(
            request.build(),
            new StreamObserver<>() {
              private InspectResponse response;

              @Override
              public void onNext(InspectResponse value) {
                response = value;
              }

              @Override
              public void onError(Throwable t) {
                CallFailure failure = CallFailure.of(t);
                sample.stop(callTimer(failure.status().getCode().name().toLowerCase(Locale.ROOT)));
                failed(batch, failure);
              }

              @Override
              public void onCompleted() {
                if (response == null || response.getResultsCount() != batch.size()) {
                  onError(
                      Status.INTERNAL
                          .withDescription(
                              "%d results for %d images"
                                  .formatted(
                                      response == null ? 0 : response.getResultsCount(),
                                      batch.size()))
                          .asRuntimeException());
                  return;
                }
                sample.stop(callTimer("ok"));
                succeeded(batch, response);
              }
            });
  }

  private Timer callTimer(String outcome) {
    return Timer.builder(ClientMetrics.CALL)
        .tag(ClientMetrics.OUTCOME, outcome)
        .description("Time of a call of the model service, by outcome.")
        .register(metrics);
  }

  private void succeeded(List<Item> batch, InspectResponse response) {
    synchronized (lock) {
      inFlight--;
      succeededNanos = System.nanoTime();
      if (circuit.succeeded()) {
        log.info("the model service at {} answers again", config.address());
      }
    }
    pump(); // the next call leaves before anybody works on these results
    for (int i = 0; i < batch.size(); i++) {
      ImageResult result = response.getResults(i);
      CompletableFuture<Inspected> future = batch.get(i).result;
      if (result.hasInspection()) {
        future.complete(
            new Inspected(
                result.getInspection(),
                response.getModelFingerprint(),
                response.getCalibrationId()));
      } else {
        future.completeExceptionally(
            new InspectionRejectedException(
                result.getError().getCode(), result.getError().getMessage()));
      }
    }
  }

  private void failed(List<Item> batch, CallFailure failure) {
    List<Item> blamed = new ArrayList<>();
    boolean over;
    synchronized (lock) {
      inFlight--;
      over = closed;
      if (!over) {
        requeue(batch, failure, blamed);
        open(failure);
      }
    }
    if (over) {
      batch.forEach(item -> item.result.completeExceptionally(new ClientClosedException()));
      return;
    }
    for (Item item : blamed) {
      item.result.completeExceptionally(
          new InspectionRejectedException(
              InspectionRejectedException.FAILS_CALLS,
              "%d calls with this image alone failed while others succeeded; the last: %s"
                  .formatted(item.failuresAlone, failure.text())));
    }
  }

  /**
   * Back into the queue, to travel in half as large a call. To its head while nothing is answered,
   * so that an outage touches few images; to its tail once others were, or when it was alone, so
   * that the others get their turn.
   */
  private void requeue(List<Item> batch, CallFailure failure, List<Item> blamed) {
    long now = System.nanoTime();
    boolean reached = failure.mayBeTheImages();
    retried.increment(batch.size());
    List<Item> first = new ArrayList<>();
    for (Item item : batch) {
      boolean suspect = item.failures > 0 && succeededNanos > item.failedNanos;
      if (suspect && reached && batch.size() == 1 && ++item.failuresAlone >= BLAMED_AFTER) {
        blamed.add(item);
        continue;
      }
      if (reached) {
        item.batchLimit = Math.max(1, batch.size() / 2);
      }
      item.failures++;
      item.failedNanos = now;
      if (suspect || reached && batch.size() == 1) {
        queue.addLast(item);
      } else {
        first.add(item);
      }
    }
    for (int i = first.size() - 1; i >= 0; i--) {
      queue.addFirst(first.get(i));
    }
  }

  private void open(CallFailure failure) {
    boolean known = circuit.outage().isPresent();
    Optional<Duration> wait = circuit.failed(failure);
    if (!known && circuit.outage().isPresent()) {
      log.warn(
          "the model service at {} does not answer: {}; retrying, events wait",
          config.address(),
          failure.text());
    }
    wait.ifPresent(
        duration ->
            schedule(
                () -> {
                  synchronized (lock) {
                    circuit.halfOpen();
                  }
                  channel.resetConnectBackoff(); // gRPC's own backoff would outlast ours
                  pump();
                },
                duration.toNanos()));
  }

  /** Closes the channel; what still waits fails with {@link ClientClosedException}. */
  @Override
  public void close() {
    List<Item> waiting;
    synchronized (lock) {
      if (closed) {
        return;
      }
      closed = true;
      waiting = new ArrayList<>(queue);
      queue.clear();
    }
    timer.shutdownNow();
    waiting.forEach(item -> item.result.completeExceptionally(new ClientClosedException()));
    channel.shutdownNow();
    try {
      channel.awaitTermination(2, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
