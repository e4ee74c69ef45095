package io.headgate.stream;

import io.micrometer.core.instrument.MeterRegistry;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;

/**
 * A configured guard: checked, holding nothing. {@link #start} makes it a {@link RunningGuard}.
 *
 * <pre>{@code
 * GuardConfig config = GuardConfig.builder(bootstrap, registryUrl, service).build();
 * try (RunningGuard guard = GuardApp.configure(config).start(meters)) {
 *   guard.awaitRunning(Duration.ofMinutes(1));
 *   …
 * }
 * }</pre>
 */
public final class GuardApp {
  private static final List<String> SECRET_WORDS =
      List.of("password", "secret", "token", "credential", "jaas", "ssl.keystore.key", "user.info");

  private final GuardConfig config;

  private GuardApp(GuardConfig config) {
    this.config = config;
  }

  /**
   * Checks the configuration as far as that can be done alone.
   *
   * @throws io.headgate.console.UserException if its parts do not fit together
   */
  public static GuardApp configure(GuardConfig config) {
    config.timingBudget().check();
    return new GuardApp(config);
  }

  /** What it was configured with. */
  public GuardConfig config() {
    return config;
  }

  /** The settings that Kafka's clients get, by name; values of secrets are masked. */
  public Map<String, String> kafkaSettings() {
    Map<String, String> shown = new TreeMap<>();
    KafkaSettings.of(config)
        .forEach((key, value) -> shown.put(key, isSecret(key) ? "********" : value.toString()));
    return shown;
  }

  private static boolean isSecret(String key) {
    return SECRET_WORDS.stream().anyMatch(key.toLowerCase(Locale.ROOT)::contains);
  }

  /**
   * Begins to run, and returns at once: the guard waits for its model service and then starts the
   * topology, all in the background.
   *
   * @param meters where the guard's metrics go; stays the caller's
   */
  public RunningGuard start(MeterRegistry meters) {
    RunningGuard guard = new RunningGuard(config, meters);
    guard.start();
    return guard;
  }
}
