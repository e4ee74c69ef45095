package io.headgate.stream.command;

import io.headgate.client.Backoff;
import io.headgate.connection.DurationConverter;
import io.headgate.stream.Timing;
import java.time.Duration;
import picocli.CommandLine.Option;

/** The durations that must fit together: a picocli mixin. */
final class TimingOptions {
  @Option(
      names = "--linger",
      defaultValue = "2ms",
      converter = DurationConverter.class,
      description = "How long an image waits for others to share its call (default: 2ms).")
  private Duration linger;

  @Option(
      names = "--deadline",
      defaultValue = "8s",
      converter = DurationConverter.class,
      description = "Deadline of one call of the service (default: 8s).")
  private Duration deadline;

  @Option(
      names = "--attempts",
      defaultValue = "3",
      description =
          "Calls per image that must fit into one transaction; retrying itself does not end (default: ${DEFAULT-VALUE}).")
  private int attempts;

  @Option(
      names = "--backoff",
      defaultValue = "50ms",
      converter = DurationConverter.class,
      description = "First wait before a retry; doubles from there, with jitter (default: 50ms).")
  private Duration backoff;

  @Option(
      names = "--backoff-cap",
      defaultValue = "2s",
      converter = DurationConverter.class,
      description = "Longest wait before a retry (default: 2s).")
  private Duration backoffCap;

  @Option(
      names = "--commit-interval",
      defaultValue = "100ms",
      converter = DurationConverter.class,
      description = "How often transactions are committed (default: 100ms).")
  private Duration commitInterval;

  @Option(
      names = "--transaction-timeout",
      defaultValue = "60s",
      converter = DurationConverter.class,
      description =
          "When the brokers abort a transaction. Readers wait that long for an instance that was killed (default: 60s).")
  private Duration transactionTimeout;

  @Option(
      names = "--max-poll-interval",
      defaultValue = "15m",
      converter = DurationConverter.class,
      description =
          "When a thread that waits loses its partitions; above the outages to sit out (default: 15m).")
  private Duration maxPollInterval;

  @Option(
      names = "--outage-after",
      defaultValue = "60s",
      converter = DurationConverter.class,
      description = "How long the service must be away for the policy to apply (default: 60s).")
  private Duration outageAfter;

  @Option(
      names = "--grace",
      defaultValue = "20s",
      converter = DurationConverter.class,
      description = "Time for a clean shutdown (default: 20s).")
  private Duration grace;

  /** What the options say, checked one by one; together they are checked by the guard. */
  Timing timing() {
    Duration fillLinger = Timing.defaults().fillLinger();
    return new Timing(
        linger,
        linger.compareTo(fillLinger) > 0 ? linger : fillLinger,
        deadline,
        attempts,
        new Backoff(backoff, backoffCap),
        commitInterval,
        transactionTimeout,
        maxPollInterval,
        outageAfter,
        grace);
  }
}
