package io.headgate.stream;

import io.headgate.client.Backoff;
import io.headgate.stream.DeadLetters.Source;
import java.time.Duration;
import java.util.Map;
import java.util.OptionalLong;
import java.util.SplittableRandom;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.apache.kafka.streams.processor.api.Processor;
import org.apache.kafka.streams.processor.api.ProcessorContext;
import org.apache.kafka.streams.processor.api.Record;
import org.apache.kafka.streams.processor.api.RecordMetadata;

/**
 * Waits for a record's outcome and forwards it to its topic. A record is done only when its output
 * was forwarded in the same transaction: that is all that exactly-once needs.
 *
 * <p>Owned by the stream thread of its task.
 */
final class GuardProcessor implements Processor<byte[], byte[], byte[], byte[]> {
  private final Prefetcher prefetcher;
  private final Judge judge;
  private final Router router;
  private final GuardMetrics metrics;
  private final Backoff backoff;
  private final CountDownLatch closing;
  private final int duplicateWindow;
  private final Map<Route, String> sinks;
  private final SplittableRandom random = new SplittableRandom();

  private ProcessorContext<byte[], byte[]> context;
  private RecentIds recent;

  GuardProcessor(
      Prefetcher prefetcher,
      Judge judge,
      Router router,
      GuardMetrics metrics,
      Backoff backoff,
      CountDownLatch closing,
      int duplicateWindow,
      Map<Route, String> sinks) {
    this.prefetcher = prefetcher;
    this.judge = judge;
    this.router = router;
    this.metrics = metrics;
    this.backoff = backoff;
    this.closing = closing;
    this.duplicateWindow = duplicateWindow;
    this.sinks = sinks;
  }

  @Override
  public void init(ProcessorContext<byte[], byte[]> taskContext) {
    context = taskContext;
    recent = new RecentIds(duplicateWindow);
  }

  @Override
  public void process(Record<byte[], byte[]> record) {
    RecordMetadata at = context.recordMetadata().orElseThrow();
    Source source = new Source(at.topic(), at.partition(), at.offset());
    Case opened =
        prefetcher.take(source.topic(), source.partition(), source.offset(), record.value());
    Outcome outcome = judge.await(opened);
    OptionalLong duplicateOf =
        Router.event(outcome)
            .map(event -> recent.earlier(event.getId(), source.offset()))
            .orElse(OptionalLong.empty());
    Routed routed = route(record, source, outcome, duplicateOf);
    long now = context.currentSystemTimeMs();
    // the output carries the time of routing: an old event would land past its topic's retention
    context.forward(
        new Record<>(routed.key(), routed.value(), now, routed.headers()),
        sinks.get(routed.route()));
    metrics.routed(routed, now - record.timestamp());
    if (duplicateOf.isPresent()) {
      metrics.duplicate();
    }
  }

  private Routed route(
      Record<byte[], byte[]> record, Source source, Outcome outcome, OptionalLong duplicateOf) {
    for (int attempt = 0; ; attempt++) {
      try {
        return router.route(
            record.key(), record.value(), record.headers(), source, outcome, duplicateOf);
      } catch (RegistryOutageException e) {
        metrics.registryRetry(e);
        pause(backoff.delay(attempt, random));
      }
    }
  }

  private void pause(Duration wait) {
    try {
      if (closing.await(wait.toNanos(), TimeUnit.NANOSECONDS)) {
        throw new Judge.ClosedException();
      }
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new Judge.ClosedException();
    }
  }

  @Override
  public void close() {
    prefetcher.drop(context.taskId().partition());
  }
}
