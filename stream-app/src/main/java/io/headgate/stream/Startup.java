package io.headgate.stream;

import io.headgate.client.InspectorClient;
import io.headgate.client.ServiceDescription;
import io.headgate.client.ServiceUnavailableException;
import java.time.Duration;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Waits for what a guard needs before it reads any event: its service, then its topics. Runs on one
 * thread, for as long as it takes or until the guard closes.
 */
final class Startup {
  private static final Logger log = LoggerFactory.getLogger(Startup.class);
  private static final int WARN_EVERY = 10;

  private final GuardConfig config;
  private final InspectorClient client;
  private final CountDownLatch closing;
  private final SplittableRandom random = new SplittableRandom();

  /**
   * @param closing counted down when the guard is to end
   */
  Startup(GuardConfig config, InspectorClient client, CountDownLatch closing) {
    this.config = config;
    this.client = client;
    this.closing = closing;
  }

  /** What was found. */
  record Surroundings(ServiceDescription service, RecordLimits limits) {}

  /**
   * @return empty when the guard closes meanwhile
   * @throws io.headgate.console.UserException if a topic is missing or the brokers refuse the guard
   */
  Optional<Surroundings> await() {
    return retry(this::describe)
        .flatMap(
            service ->
                retry(() -> TopicCheck.limits(config))
                    .map(limits -> new Surroundings(service, limits)));
  }

  private ServiceDescription describe() throws NotYetException {
    try {
      return client.describe();
    } catch (ServiceUnavailableException e) {
      throw new NotYetException("the model service", e);
    }
  }

  /** Something that may not be there yet. */
  private interface Attempt<T> {
    T make() throws NotYetException;
  }

  private <T> Optional<T> retry(Attempt<T> attempt) {
    for (int failures = 0; closing.getCount() > 0; failures++) {
      try {
        return Optional.of(attempt.make());
      } catch (NotYetException e) {
        if (failures % WARN_EVERY == 0) {
          log.warn("waiting for {} before reading any event: {}", e.what(), e.getMessage());
        }
        pause(config.timing().backoff().delay(failures, random));
      }
    }
    return Optional.empty();
  }

  private void pause(Duration wait) {
    try {
      closing.await(wait.toMillis(), TimeUnit.MILLISECONDS);
    } catch (InterruptedException e) {
      throw new IllegalStateException("interrupted, which nobody does to this thread", e);
    }
  }
}
