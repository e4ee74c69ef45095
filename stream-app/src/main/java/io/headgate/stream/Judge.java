package io.headgate.stream;

import io.headgate.claimcheck.ClaimRefusedException;
import io.headgate.claimcheck.ClaimUnavailableException;
import io.headgate.claimcheck.Claims;
import io.headgate.client.Backoff;
import io.headgate.client.ClientClosedException;
import io.headgate.client.Inspected;
import io.headgate.client.InspectionRejectedException;
import io.headgate.client.InspectorClient;
import io.headgate.client.ServiceUnavailableException;
import io.headgate.imaging.ImagePreprocessor;
import io.headgate.imaging.ImageRejectedException;
import io.headgate.imaging.RgbImage;
import io.headgate.v1.ImageReference;
import io.headgate.v1.ImageSubmitted;
import io.headgate.v1.InlineImage;
import java.nio.ByteBuffer;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.time.Duration;
import java.util.SplittableRandom;
import java.util.concurrent.CancellationException;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Brings records to their outcome: bytes, event, image file, crop, verdict. Reading, hashing and
 * decoding run on a bounded pool, fetching on another, the verdict comes from the client's threads.
 *
 * <p>Any thread opens cases and awaits them. How many are worked on is for {@link Admission} to
 * say; a case that is awaited is worked on at once.
 */
final class Judge implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(Judge.class);
  private static final Duration POLICY_CHECK = Duration.ofMillis(100);

  private final Events events;
  private final Claims claims;
  private final ImagePreprocessor imaging;
  private final InspectorClient client;
  private final OutagePolicy policy;
  private final Duration outageAfter;
  private final Backoff backoff;
  private final GuardMetrics metrics;
  private final ExecutorService decoders;
  private final ExecutorService fetchers;
  private final ScheduledExecutorService timer;
  private final SplittableRandom random = new SplittableRandom();
  private final Admission admission;
  private volatile boolean closed;

  Judge(
      GuardConfig config,
      Events events,
      Claims claims,
      InspectorClient client,
      GuardMetrics metrics) {
    this.events = events;
    this.claims = claims;
    this.imaging = new ImagePreprocessor(config.imageLimits());
    this.client = client;
    this.policy = config.outagePolicy();
    this.outageAfter = config.timing().outageAfter();
    this.backoff = config.timing().backoff();
    this.metrics = metrics;
    this.decoders = pool("headgate-decode", config.decodeThreads());
    this.fetchers = pool("headgate-fetch", config.fetchThreads());
    this.timer =
        Executors.newSingleThreadScheduledExecutor(
            task -> {
              Thread thread = new Thread(task, "headgate-judge-timer");
              thread.setDaemon(true);
              return thread;
            });
    this.admission = new Admission(limit(config, client), this::begin);
    metrics.pending(admission::pending);
  }

  /** As many as the memory for decoded images holds, and never fewer than keep the service busy. */
  private static int limit(GuardConfig config, InspectorClient client) {
    int tensorBytes =
        client
            .description()
            .orElseThrow(() -> new IllegalStateException("the service was not described yet"))
            .tensorBytes();
    int least = config.batch() * (config.inFlight() + 1);
    return (int) Math.max(least, config.tensorBytes() / tensorBytes);
  }

  private static ExecutorService pool(String name, int threads) {
    AtomicInteger number = new AtomicInteger();
    return Executors.newFixedThreadPool(
        threads,
        task -> {
          Thread thread = new Thread(task, name + "-" + number.incrementAndGet());
          thread.setDaemon(true);
          return thread;
        });
  }

  /** Begins work on a record's value; never blocks. */
  Case open(String topic, byte[] value) {
    Case opened = new Case(topic, value);
    admission.enter(opened);
    return opened;
  }

  private void begin(Case opened) {
    onPool(decoders, opened, () -> prepare(opened));
  }

  /** Runs a step; whatever it throws ends the case, so that nobody waits for ever. */
  private void onPool(Executor pool, Case opened, Runnable step) {
    try {
      pool.execute(
          () -> {
            if (opened.isAbandoned()) {
              return;
            }
            try {
              step.run();
            } catch (RuntimeException e) {
              log.error("a record of {} met a fault of the guard", opened.topic, e);
              refuse(opened, new RefusedException(DeadLetterCode.INTERNAL_ERROR, e));
            } catch (Error e) {
              fail(opened, e);
              throw e;
            }
          });
    } catch (RejectedExecutionException e) {
      fail(opened, new ClosedException());
    }
  }

  private void prepare(Case opened) {
    ImageSubmitted event;
    try {
      event = events.read(opened.topic, opened.value);
    } catch (RefusedException e) {
      refuse(opened, e);
      return;
    } catch (RegistryOutageException e) {
      registryOutage(opened, e);
      return;
    }
    metrics.registryAnswered();
    if (event.getContent() instanceof ImageReference reference) {
      onPool(fetchers, opened, () -> fetch(opened, event, reference));
    } else if (event.getContent() instanceof InlineImage inline) {
      decode(opened, event, bytes(inline.getBytes()));
    } else {
      refuse(
          opened,
          new RefusedException(
              DeadLetterCode.INVALID_EVENT,
              "event without content (expected: an image or a reference)"));
    }
  }

  private void registryOutage(Case opened, RegistryOutageException e) {
    Duration wait = delay(opened.nextAttempt());
    metrics.registryRetry(e);
    later(opened, wait, () -> begin(opened));
  }

  private void fetch(Case opened, ImageSubmitted event, ImageReference reference) {
    byte[] file;
    try {
      file =
          claims.fetch(reference.getUri(), reference.getSha256().bytes(), reference.getSizeBytes());
    } catch (ClaimRefusedException e) {
      refuse(opened, new RefusedException(DeadLetterCode.of(e.reason()), e));
      return;
    } catch (ClaimUnavailableException e) {
      int attempt = opened.nextAttempt();
      if (attempt + 1 >= claims.attempts()) {
        refuse(opened, new RefusedException(DeadLetterCode.CLAIM_UNAVAILABLE, e));
      } else {
        later(
            opened,
            delay(attempt),
            () -> onPool(fetchers, opened, () -> fetch(opened, event, reference)));
      }
      return;
    }
    onPool(decoders, opened, () -> decode(opened, event, file));
  }

  private void decode(Case opened, ImageSubmitted event, byte[] file) {
    InspectorClient.Arrival arrival = client.announce();
    try {
      int size = client.description().orElseThrow().imageSize();
      long begin = System.nanoTime();
      RgbImage image = imaging.crop(file, size);
      byte[] sha256 = sha256(file);
      metrics.decoded(System.nanoTime() - begin, file.length);
      CompletableFuture<Inspected> verdict = arrival.submit(image);
      opened.inspecting(verdict);
      opened.prepared.complete(new Case.Prepared(event, sha256));
      verdict.whenComplete(
          (inspected, failure) -> {
            if (failure == null) {
              opened.outcome.complete(new Outcome.Judged(event, inspected, sha256));
            } else {
              rejected(opened, image, failure);
            }
          });
    } catch (ImageRejectedException e) {
      refuse(opened, new RefusedException(DeadLetterCode.of(e.code()), e));
    } finally {
      arrival.withdraw();
    }
  }

  private void rejected(Case opened, RgbImage image, Throwable failure) {
    Throwable cause = failure instanceof CompletionException ? failure.getCause() : failure;
    if (cause instanceof InspectionRejectedException e) {
      if (e.code().equals(InspectionRejectedException.WRONG_SHAPE)) {
        onPool(decoders, opened, () -> reshape(opened, image, e));
      } else {
        refuse(opened, new RefusedException(DeadLetterCode.INSPECTION_REFUSED, e));
      }
    } else if (cause instanceof ClientClosedException) {
      fail(opened, new ClosedException());
    } else if (!(cause instanceof CancellationException)) {
      fail(opened, cause);
    }
  }

  /** The service now serves a model of another image size: once more, from the record. */
  private void reshape(Case opened, RgbImage image, InspectionRejectedException refusal) {
    int attempt = opened.nextAttempt();
    try {
      if (client.describe().imageSize() == image.width()) {
        refuse(opened, new RefusedException(DeadLetterCode.INSPECTION_REFUSED, refusal));
      } else {
        prepare(opened);
      }
    } catch (ServiceUnavailableException e) {
      later(
          opened,
          delay(attempt),
          () -> onPool(decoders, opened, () -> reshape(opened, image, refusal)));
    }
  }

  private void later(Case opened, Duration wait, Runnable task) {
    try {
      timer.schedule(task, wait.toNanos(), TimeUnit.NANOSECONDS);
    } catch (RejectedExecutionException e) {
      fail(opened, new ClosedException());
    }
  }

  private synchronized Duration delay(int attempt) {
    return backoff.delay(attempt, random);
  }

  private static void refuse(Case opened, RefusedException e) {
    opened.outcome.complete(e.outcome());
    opened.prepared.cancel(false);
  }

  private static void fail(Case opened, Throwable e) {
    opened.outcome.completeExceptionally(e);
    opened.prepared.cancel(false);
  }

  /**
   * Waits for the outcome, for as long as it takes under {@link OutagePolicy#HOLD}, else until the
   * service has been away for longer than agreed.
   *
   * @throws ClosedException if the judge is closed meanwhile
   */
  Outcome await(Case opened) {
    admission.start(opened);
    long begin = System.nanoTime();
    try {
      while (true) {
        if (closed && !opened.outcome.isDone()) {
          throw new ClosedException();
        }
        try {
          return policy == OutagePolicy.HOLD
              ? opened.outcome.get()
              : opened.outcome.get(patience(opened), TimeUnit.NANOSECONDS);
        } catch (TimeoutException e) {
          Case.Prepared prepared = preparedNow(opened);
          if (prepared != null && isLongOutage()) {
            opened.abandon();
            return new Outcome.Unverified(prepared.event(), policy);
          }
        }
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new ClosedException();
    } catch (ExecutionException e) {
      if (e.getCause() instanceof ClosedException) {
        throw new ClosedException();
      }
      throw new IllegalStateException(
          "a record could not be judged: " + e.getCause(), e.getCause());
    } finally {
      metrics.waited(System.nanoTime() - begin);
    }
  }

  /** Nothing once the outage is long and the event known, so that held-up events flow. */
  private long patience(Case opened) {
    return preparedNow(opened) != null && isLongOutage() ? 0 : POLICY_CHECK.toNanos();
  }

  private static Case.Prepared preparedNow(Case opened) {
    return opened.prepared.isDone() && !opened.prepared.isCancelled()
        ? opened.prepared.join()
        : null;
  }

  private boolean isLongOutage() {
    return client.outage().filter(away -> away.compareTo(outageAfter) >= 0).isPresent();
  }

  private static byte[] bytes(ByteBuffer buffer) {
    byte[] bytes = new byte[buffer.remaining()];
    buffer.duplicate().get(bytes);
    return bytes;
  }

  private static byte[] sha256(byte[] bytes) {
    try {
      return MessageDigest.getInstance("SHA-256").digest(bytes);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
  }

  /** Ends all work; whoever awaits a case gets a {@link ClosedException}. */
  @Override
  public void close() {
    closed = true;
    admission.end();
    timer.shutdownNow();
    decoders.shutdownNow();
    fetchers.shutdownNow();
    // only now: what is started from here on meets closed pools, and fails there
    admission.running().forEach(open -> fail(open, new ClosedException()));
  }

  /**
   * The judge was closed while a record waited; the record was not routed and stays where it is.
   */
  static final class ClosedException extends RuntimeException {
    private static final long serialVersionUID = 1L;

    ClosedException() {
      super("the guard is closing; the record stays in its topic");
    }
  }
}
