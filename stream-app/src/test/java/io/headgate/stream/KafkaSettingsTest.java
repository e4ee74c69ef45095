package io.headgate.stream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.headgate.console.UserException;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class KafkaSettingsTest {
  @Test
  void areExactlyOnceAndNameEverythingAfterTheApplication() {
    Map<String, Object> settings = KafkaSettings.of(config(Map.of()));

    assertThat(settings)
        .containsEntry("processing.guarantee", "exactly_once_v2")
        .containsEntry("application.id", "headgate-guard")
        .containsEntry("producer.transaction.timeout.ms", 60_000)
        .containsEntry("consumer.max.poll.interval.ms", 900_000)
        .containsEntry("main.consumer.interceptor.classes", PrefetchInterceptor.class.getName())
        .doesNotContainKey("consumer.group.instance.id");
  }

  @Test
  void passAnySettingThroughToEveryClient() {
    GuardConfig config =
        config(
            Map.of(
                "security.protocol", "SASL_SSL",
                "sasl.mechanism", "PLAIN",
                "ssl.truststore.location", "/etc/ca.p12",
                "producer.compression.type", "zstd",
                "admin.retries", "7"));

    assertThat(KafkaSettings.of(config))
        .containsEntry("security.protocol", "SASL_SSL")
        .containsEntry("producer.compression.type", "zstd");
    assertThat(config.adminSettings())
        .containsEntry("security.protocol", "SASL_SSL")
        .containsEntry("ssl.truststore.location", "/etc/ca.p12")
        .containsEntry("retries", "7")
        .doesNotContainKey("compression.type");
    assertThat(config.producerSettings())
        .containsEntry("sasl.mechanism", "PLAIN")
        .containsEntry("compression.type", "zstd")
        .containsEntry("transaction.timeout.ms", 60_000);
  }

  @ParameterizedTest
  @ValueSource(strings = {"processing.guarantee", "application.id"})
  void refuseWhatThePromisesRestOn(String fixed) {
    assertThatThrownBy(() -> KafkaSettings.of(config(Map.of(fixed, "other"))))
        .isInstanceOf(UserException.class)
        .hasMessageContaining(fixed + ": other (expected: not set");
  }

  @Test
  void keepInterceptorsOfTheUserBesideTheGuards() {
    Map<String, Object> settings =
        KafkaSettings.of(config(Map.of("main.consumer.interceptor.classes", "org.example.Trace")));

    assertThat(settings.get("main.consumer.interceptor.classes"))
        .isEqualTo("org.example.Trace," + PrefetchInterceptor.class.getName());
  }

  @Test
  void makeTheInstanceAStaticMember() {
    GuardConfig config =
        GuardConfig.builder("unused:9092", "mock://settings", "unused:7860")
            .instanceId(Optional.of("guard-0"))
            .build();

    assertThat(KafkaSettings.of(config)).containsEntry("consumer.group.instance.id", "guard-0");
  }

  @Test
  void hideSecretsWhenShown() {
    GuardConfig config =
        config(
            Map.of(
                "sasl.jaas.config", "PlainLoginModule required password=\"hunter2\";",
                "ssl.key.password", "hunter2"));

    assertThat(GuardApp.configure(config).kafkaSettings())
        .containsEntry("sasl.jaas.config", "********")
        .containsEntry("ssl.key.password", "********")
        .containsEntry("bootstrap.servers", "unused:9092");
  }

  private static GuardConfig config(Map<String, String> kafka) {
    return GuardConfig.builder("unused:9092", "mock://settings", "unused:7860")
        .kafka(kafka)
        .build();
  }
}
