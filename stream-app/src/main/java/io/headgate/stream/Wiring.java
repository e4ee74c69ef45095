package io.headgate.stream;

import io.headgate.claimcheck.Claims;
import io.headgate.client.InspectorClient;
import java.util.concurrent.CountDownLatch;
import org.apache.kafka.streams.Topology;

/**
 * The parts of a guard, put together by hand.
 *
 * @param judge shared by all stream threads; its owner closes it
 * @param prefetcher for the interceptor
 * @param topology whose processors use both
 */
record Wiring(Judge judge, Prefetcher prefetcher, Topology topology) {
  /**
   * @param closing counted down when the guard is to end
   */
  static Wiring of(
      GuardConfig config,
      Events events,
      Claims claims,
      InspectorClient client,
      GuardMetrics metrics,
      RecordLimits limits,
      CountDownLatch closing) {
    Judge judge = new Judge(config, events, claims, client, metrics);
    Prefetcher prefetcher = new Prefetcher(config.topics().submitted(), judge);
    Router router = new Router(config.topics(), events, limits);
    Topology topology =
        GuardTopology.build(
            config.topics(),
            () ->
                new GuardProcessor(
                    prefetcher,
                    judge,
                    router,
                    metrics,
                    config.timing().backoff(),
                    closing,
                    config.duplicateWindow(),
                    GuardTopology.sinks()));
    return new Wiring(judge, prefetcher, topology);
  }
}
