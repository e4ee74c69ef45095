package io.headgate.connection;

import io.headgate.serde.HeadgateSerdes;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import picocli.CommandLine.Option;

/**
 * How to reach the schema registry: a picocli mixin. What is said later in this list wins:
 * environment variables ({@code SCHEMA_REGISTRY_URL}, {@code
 * SCHEMA_REGISTRY_BASIC_AUTH_USER_INFO}…), {@code --registry-config}, {@code --registry}.
 */
public final class RegistryOptions {
  private static final String PREFIX = "schema.registry.";
  private static final String ENVIRONMENT = "SCHEMA_REGISTRY_";
  private static final String DEFAULT_URL = "http://127.0.0.1:8081";

  @Option(
      names = "--registry",
      paramLabel = "URL",
      description =
          "Schema registry with Confluent's API (default: SCHEMA_REGISTRY_URL, else "
              + DEFAULT_URL
              + ").")
  private String url;

  @Option(
      names = "--registry-config",
      paramLabel = "FILE",
      description =
          "Settings of Confluent's registry client as a properties file, for example credentials and TLS.")
  private Path file;

  /** For picocli. */
  public RegistryOptions() {}

  /** Settings of Confluent's serializers and client. */
  public Map<String, Object> config() {
    return config(System.getenv());
  }

  Map<String, Object> config(Map<String, String> environment) {
    Map<String, Object> config = new HashMap<>();
    config.put(HeadgateSerdes.REGISTRY_URL, DEFAULT_URL);
    ClusterOptions.fromEnvironment(environment, ENVIRONMENT)
        .forEach((key, value) -> config.put(key.equals("url") ? PREFIX + key : key, value));
    if (file != null) {
      config.putAll(ClusterOptions.read(file));
    }
    if (url != null) {
      config.put(HeadgateSerdes.REGISTRY_URL, url);
    }
    return config;
  }

  /** Address of the registry. */
  public String url() {
    return config().get(HeadgateSerdes.REGISTRY_URL).toString();
  }

  /** Serdes against that registry. */
  public HeadgateSerdes serdes() {
    return new HeadgateSerdes(config());
  }
}
