package io.headgate.broker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.headgate.console.UserException;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse.BodyHandlers;
import java.nio.file.Path;
import java.time.Duration;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RegistryProcessIT {
  private static final Duration PATIENCE = Duration.ofSeconds(120);

  private final HttpClient http = HttpClient.newHttpClient();

  @Test
  void knowsItsSchemasAfterSigkill(@TempDir Path folder) throws Exception {
    try (RegistryProcess registry = RegistryProcess.prepare(RegistryProcess.find(null), folder)) {
      registry.process().start();
      registry.awaitReady(PATIENCE);
      String registered = register(registry);

      registry.process().kill();
      registry.process().start();
      registry.awaitReady(PATIENCE);

      assertThat(registered).contains("\"id\":");
      assertThat(register(registry)).isEqualTo(registered);
      assertThat(send(request(registry, "/subjects").GET())).isEqualTo("[\"x-value\"]");
    }
  }

  @Test
  void saysHowToFetchTheServerWhenItIsNotThere(@TempDir Path empty) {
    assertThatThrownBy(() -> RegistryProcess.find(empty))
        .isInstanceOf(UserException.class)
        .hasMessageContaining(empty.toString())
        .hasMessageContaining("./mvnw");
  }

  private String register(RegistryProcess registry) throws Exception {
    return send(
        request(registry, "/subjects/x-value/versions")
            .header("Content-Type", "application/vnd.schemaregistry.v1+json")
            .POST(BodyPublishers.ofString("{\"schema\":\"{\\\"type\\\":\\\"string\\\"}\"}")));
  }

  private static HttpRequest.Builder request(RegistryProcess registry, String path) {
    return HttpRequest.newBuilder(URI.create(registry.url() + path));
  }

  private String send(HttpRequest.Builder request) throws Exception {
    return http.send(request.build(), BodyHandlers.ofString()).body();
  }
}
