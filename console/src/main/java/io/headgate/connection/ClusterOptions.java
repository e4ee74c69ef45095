package io.headgate.connection;

import io.headgate.console.UserException;
import java.io.IOException;
import java.io.Reader;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Properties;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.kafka.clients.CommonClientConfigs;
import org.apache.kafka.clients.admin.Admin;
import org.apache.kafka.common.KafkaException;
import picocli.CommandLine.Option;

/**
 * How to reach the brokers: a picocli mixin.
 *
 * <p>Any Kafka client setting passes through. What is said later in this list wins: environment
 * variables ({@code KAFKA_SASL_MECHANISM} is {@code sasl.mechanism}), {@code --kafka-config},
 * {@code --bootstrap}.
 */
public final class ClusterOptions {
  private static final String ENVIRONMENT = "KAFKA_";
  private static final String DEFAULT_BOOTSTRAP = "127.0.0.1:9092";
  private static final int PATIENCE_SECONDS = 15;

  @Option(
      names = "--bootstrap",
      paramLabel = "HOST:PORT",
      description =
          "Brokers to start from, separated by commas (default: KAFKA_BOOTSTRAP_SERVERS, else "
              + DEFAULT_BOOTSTRAP
              + ").")
  private String bootstrap;

  @Option(
      names = "--kafka-config",
      paramLabel = "FILE",
      description =
          "Kafka client settings as a properties file: SASL, TLS and all others. KAFKA_… variables of the environment work too: KAFKA_SECURITY_PROTOCOL is security.protocol.")
  private Path file;

  /** For picocli. */
  public ClusterOptions() {}

  /**
   * The settings for a client.
   *
   * @throws UserException if the file cannot be read
   */
  public Map<String, Object> client() {
    return client(System.getenv());
  }

  Map<String, Object> client(Map<String, String> environment) {
    Map<String, Object> config = new HashMap<>();
    config.put(CommonClientConfigs.BOOTSTRAP_SERVERS_CONFIG, DEFAULT_BOOTSTRAP);
    config.putAll(fromEnvironment(environment, ENVIRONMENT));
    if (file != null) {
      config.putAll(read(file));
    }
    if (bootstrap != null) {
      config.put(CommonClientConfigs.BOOTSTRAP_SERVERS_CONFIG, bootstrap);
    }
    return config;
  }

  /** The brokers' addresses. */
  public String bootstrap() {
    return client().get(CommonClientConfigs.BOOTSTRAP_SERVERS_CONFIG).toString();
  }

  /**
   * A client that has reached the cluster once. The caller closes it.
   *
   * @throws UserException if no broker answers within fifteen seconds
   */
  public Admin connect() {
    Map<String, Object> config = client();
    String place = config.get(CommonClientConfigs.BOOTSTRAP_SERVERS_CONFIG).toString();
    Admin admin;
    try {
      admin = Admin.create(config);
    } catch (KafkaException e) {
      throw new UserException(
          "brokers %s: %s; check --bootstrap and --kafka-config".formatted(place, rootMessage(e)),
          e);
    }
    try {
      admin.describeCluster().clusterId().get(PATIENCE_SECONDS, TimeUnit.SECONDS);
      return admin;
    } catch (ExecutionException | TimeoutException e) {
      admin.close(Duration.ZERO);
      String reason = e instanceof TimeoutException ? "no answer" : rootMessage(e);
      throw new UserException(
          "brokers %s: %s within %d s (expected: a reachable Kafka cluster); check --bootstrap, --kafka-config and that the cluster is up"
              .formatted(place, reason, PATIENCE_SECONDS),
          e);
    } catch (InterruptedException e) {
      admin.close(Duration.ZERO);
      Thread.currentThread().interrupt();
      throw new UserException("brokers " + place + ": interrupted", e);
    }
  }

  /** {@code PREFIX_A_B} becomes {@code a.b}. */
  static Map<String, Object> fromEnvironment(Map<String, String> environment, String prefix) {
    Map<String, Object> config = new HashMap<>();
    environment.forEach(
        (name, value) -> {
          if (name.startsWith(prefix)) {
            config.put(
                name.substring(prefix.length()).toLowerCase(Locale.ROOT).replace('_', '.'), value);
          }
        });
    return config;
  }

  static Map<String, Object> read(Path file) {
    Properties properties = new Properties();
    try (Reader reader = Files.newBufferedReader(file)) {
      properties.load(reader);
    } catch (IOException | IllegalArgumentException e) {
      throw new UserException(
          "%s: %s (expected: a readable properties file)"
              .formatted(file, e instanceof NoSuchFileException ? "no such file" : e),
          e);
    }
    Map<String, Object> config = new HashMap<>();
    properties.forEach((k, v) -> config.put(k.toString(), v));
    return config;
  }

  private static String rootMessage(Throwable e) {
    Throwable root = e;
    while (root.getCause() != null) {
      root = root.getCause();
    }
    return root.getMessage() == null ? root.toString() : root.getMessage();
  }
}
