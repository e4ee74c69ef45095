package io.headgate.connection;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.headgate.console.UserException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

class ConnectionOptionsTest {
  @TempDir Path folder;

  @Command
  static final class Any {
    @Mixin ClusterOptions cluster;
    @Mixin RegistryOptions registry;
  }

  @Test
  void haveLocalDefaults() {
    Any any = parse();

    assertThat(any.cluster.client(Map.of()))
        .isEqualTo(Map.of("bootstrap.servers", "127.0.0.1:9092"));
    assertThat(any.registry.config(Map.of()))
        .isEqualTo(Map.of("schema.registry.url", "http://127.0.0.1:8081"));
  }

  @Test
  void takeAnyKafkaSettingFromTheEnvironment() {
    assertThat(
            parse()
                .cluster
                .client(
                    Map.of(
                        "KAFKA_BOOTSTRAP_SERVERS", "kafka:9093",
                        "KAFKA_SECURITY_PROTOCOL", "SASL_SSL",
                        "KAFKA_SASL_JAAS_CONFIG", "Module required;",
                        "HOME", "/root")))
        .isEqualTo(
            Map.of(
                "bootstrap.servers", "kafka:9093",
                "security.protocol", "SASL_SSL",
                "sasl.jaas.config", "Module required;"));
  }

  @Test
  void preferTheFileToTheEnvironmentAndTheOptionToBoth() throws Exception {
    Path file =
        Files.writeString(
            folder.resolve("client.properties"),
            "bootstrap.servers=file:1\nsasl.mechanism=PLAIN\n");
    Map<String, String> environment =
        Map.of("KAFKA_BOOTSTRAP_SERVERS", "environment:1", "KAFKA_SASL_MECHANISM", "GSSAPI");

    assertThat(parse("--kafka-config", file.toString()).cluster.client(environment))
        .containsEntry("bootstrap.servers", "file:1")
        .containsEntry("sasl.mechanism", "PLAIN");
    assertThat(
            parse("--kafka-config", file.toString(), "--bootstrap", "option:1")
                .cluster
                .client(environment))
        .containsEntry("bootstrap.servers", "option:1");
  }

  @Test
  void takeTheRegistrysSettingsFromTheEnvironment() {
    assertThat(
            parse()
                .registry
                .config(
                    Map.of(
                        "SCHEMA_REGISTRY_URL", "https://registry:8081",
                        "SCHEMA_REGISTRY_BASIC_AUTH_CREDENTIALS_SOURCE", "USER_INFO",
                        "SCHEMA_REGISTRY_BASIC_AUTH_USER_INFO", "me:secret")))
        .isEqualTo(
            Map.of(
                "schema.registry.url", "https://registry:8081",
                "basic.auth.credentials.source", "USER_INFO",
                "basic.auth.user.info", "me:secret"));
  }

  @Test
  void nameAFileThatIsNotThere() {
    assertThatThrownBy(
            () -> parse("--kafka-config", "/nowhere/client.properties").cluster.client(Map.of()))
        .isInstanceOf(UserException.class)
        .hasMessageContaining("/nowhere/client.properties");
  }

  private static Any parse(String... args) {
    Any any = new Any();
    new CommandLine(any).parseArgs(args);
    return any;
  }
}
