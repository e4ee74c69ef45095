package io.headgate.stream;

import io.headgate.client.InspectorClient;
import io.headgate.console.UserException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.kafka.clients.consumer.ConsumerConfig;
import org.apache.kafka.clients.producer.ProducerConfig;
import org.apache.kafka.streams.StreamsConfig;

/**
 * Whether the durations fit together. One record may hold its stream thread, and with it an open
 * transaction, for
 *
 * <pre>
 *   claim  = claim attempts × claim deadline + backoffs        (only when references are allowed)
 *   judge  = decode deadline + longest hold + attempts × deadline + backoffs
 *   record = claim + judge
 * </pre>
 *
 * and all of it, plus the commit interval, has to fit into {@code transaction.timeout.ms}: else a
 * service that is merely slow gets the thread fenced and its work repeated. It also has to fit into
 * {@code max.poll.interval.ms}: else the group takes the partitions away. Longer outages are no
 * matter of this budget: they end in a fenced thread or a rebalance, which costs time and no event.
 *
 * @param claim longest time to fetch a reference
 * @param judge longest time to a verdict, of a service that answers at the last attempt
 * @param commitInterval effective
 * @param transactionTimeout effective
 * @param maxPollInterval effective
 * @param outageAfter before the policy applies; zero for {@link OutagePolicy#HOLD}
 */
public record TimingBudget(
    Duration claim,
    Duration judge,
    Duration commitInterval,
    Duration transactionTimeout,
    Duration maxPollInterval,
    Duration outageAfter) {
  private static final String REMEDY =
      "lower --deadline, --attempts, --claim-deadline, --claim-attempts or --outage-after, or raise --transaction-timeout or --max-poll-interval";

  static TimingBudget of(GuardConfig config) {
    Timing timing = config.timing();
    Map<String, Object> kafka = KafkaSettings.of(config);
    Duration judge =
        config
            .imageLimits()
            .decodeDeadline()
            .plus(InspectorClient.LONGEST_HOLD)
            .plus(timing.deadline().multipliedBy(timing.attempts()))
            .plus(backoffs(timing, timing.attempts()));
    Duration claim =
        config.claims().isEmpty()
            ? Duration.ZERO
            : config
                .claims()
                .deadline()
                .multipliedBy(config.claims().attempts())
                .plus(backoffs(timing, config.claims().attempts()));
    return new TimingBudget(
        claim,
        judge,
        effective(kafka, "", StreamsConfig.COMMIT_INTERVAL_MS_CONFIG),
        effective(kafka, StreamsConfig.PRODUCER_PREFIX, ProducerConfig.TRANSACTION_TIMEOUT_CONFIG),
        effective(kafka, StreamsConfig.CONSUMER_PREFIX, ConsumerConfig.MAX_POLL_INTERVAL_MS_CONFIG),
        config.outagePolicy() == OutagePolicy.HOLD ? Duration.ZERO : timing.outageAfter());
  }

  private static Duration backoffs(Timing timing, int attempts) {
    Duration sum = Duration.ZERO;
    for (int i = 0; i < attempts - 1; i++) {
      sum = sum.plus(timing.backoff().longest(i));
    }
    return sum;
  }

  private static Duration effective(Map<String, Object> kafka, String prefix, String name) {
    return Duration.ofMillis(KafkaSettings.millis(kafka, prefix, name, -1));
  }

  /** How long one record may take. */
  public Duration record() {
    return claim.plus(judge);
  }

  /** How long a transaction may stay open. */
  public Duration transaction() {
    return record().plus(commitInterval);
  }

  /**
   * @throws UserException naming every constraint that does not hold, with its numbers
   */
  public void check() {
    List<String> broken = new ArrayList<>();
    if (transaction().compareTo(transactionTimeout) > 0) {
      broken.add(
          "a transaction may take %s: commit interval %s + one record %s (claim %s, judge %s); transaction.timeout.ms is %s"
              .formatted(
                  s(transaction()),
                  s(commitInterval),
                  s(record()),
                  s(claim),
                  s(judge),
                  s(transactionTimeout)));
    }
    if (record().compareTo(maxPollInterval) > 0) {
      broken.add(
          "one record may take %s; max.poll.interval.ms is %s"
              .formatted(s(record()), s(maxPollInterval)));
    }
    if (outageAfter.plus(judge).compareTo(maxPollInterval) > 0) {
      broken.add(
          "the outage policy applies after %s + %s; max.poll.interval.ms is %s"
              .formatted(s(outageAfter), s(judge), s(maxPollInterval)));
    }
    if (!broken.isEmpty()) {
      throw new UserException(
          "timing budget: "
              + String.join("; and ", broken)
              + " (expected: each within its limit); "
              + REMEDY);
    }
  }

  /** The budget in one line, for people. */
  public String summary() {
    return "one record %s (claim %s, judge %s), a transaction %s of %s, between polls %s of %s"
        .formatted(
            s(record()),
            s(claim),
            s(judge),
            s(transaction()),
            s(transactionTimeout),
            s(record()),
            s(maxPollInterval));
  }

  private static String s(Duration duration) {
    return duration.toMillis() % 1000 == 0
        ? duration.toSeconds() + " s"
        : duration.toMillis() + " ms";
  }
}
