package io.headgate.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code headgate serve} as an operator meets it. */
class ServeProcessTest {
  @TempDir private Path folder;

  @Test
  void takesSettingsSwapsUnderLoadAndDrainsOnSigterm() throws Exception {
    Path served = folder.resolve("calibration.json");
    Path next = folder.resolve("next/calibration.json");
    Files.createDirectory(next.getParent());
    ServeProcess.calibrate(served, 1);
    ServeProcess.calibrate(next, 2);
    Path settings = folder.resolve("serve.properties");
    Files.write(
        settings, List.of("max-batch = 7", "linger = 3ms", "queue-items = 777", "watch = 100ms"));

    try (ServeProcess serve =
        ServeProcess.start(
                folder,
                Map.of(
                    "HEADGATE_CONFIG", settings.toString(),
                    "HEADGATE_MAX_BATCH", "9",
                    "HEADGATE_LINGER", "5ms"),
                "serve",
                "--model",
                ServeProcess.MODEL.toString(),
                "--calibration",
                served.toString(),
                "--port",
                "0",
                "--http-port",
                "0",
                "--linger",
                "4ms")
            .awaitServing()) {
      JsonNode batching = serve.info().path("batching");
      assertThat(batching.path("linger_ms").asDouble()).as("flag").isEqualTo(4);
      assertThat(batching.path("max_batch").asInt()).as("environment").isEqualTo(9);
      assertThat(batching.path("queue_items").asInt()).as("file").isEqualTo(777);
      assertThat(serve.get("/livez").statusCode()).isEqualTo(200);
      assertThat(serve.get("/readyz").body()).isEqualTo("ready\n");

      swapsCalibrationUnderLoad(serve, next, served);
      keepsServingWhenTheCalibrationIsHalfWritten(serve, served);

      serve.process.destroy();
      assertThat(serve.process.waitFor(60, TimeUnit.SECONDS)).isTrue();
      assertThat(serve.process.exitValue()).isEqualTo(128 + 15);
      assertThat(serve.err()).contains("closing: calls under way have 30.0 s to end", " closed ");
      assertThat(serve.err()).doesNotContain("Exception");
    }
  }

  private void swapsCalibrationUnderLoad(ServeProcess serve, Path next, Path served)
      throws Exception {
    String before = serve.info().path("calibration_id").asText();
    CompletableFuture<JsonNode> load = new CompletableFuture<>();
    Thread loader =
        new Thread(
            () -> {
              try {
                load.complete(serve.bench(folder, "--callers", "16", "--seconds", "8"));
              } catch (IOException | RuntimeException | Error e) {
                load.completeExceptionally(e);
              }
            });
    loader.start();
    ServeProcess.await(
        () -> serve.get("/metrics").body().contains("headgate_images_total{outcome=\"clean\"}"));
    for (String name : List.of("calibration.safetensors", "calibration.json")) {
      Files.copy(
          next.resolveSibling(name),
          served.resolveSibling(name),
          StandardCopyOption.REPLACE_EXISTING);
    }
    ServeProcess.await(
        () -> {
          assertThat(serve.get("/readyz").statusCode()).isEqualTo(200);
          return !serve.get("/info").body().contains(before);
        });

    JsonNode figures = load.get(90, TimeUnit.SECONDS);

    assertThat(figures.path("other_errors").asInt()).isZero();
    assertThat(figures.path("resource_exhausted").asInt()).isZero();
    assertThat(figures.path("deadline_exceeded").asInt()).isZero();
    assertThat(figures.path("item_errors").asInt()).isZero();
    assertThat(figures.path("images").asInt()).isPositive();
    assertThat(
            figures
                .path("answers_by_calibration")
                .has(serve.info().path("calibration_id").asText()))
        .isTrue();
    assertThat(serve.metric("headgate_engines")).isEqualTo(1);
  }

  private void keepsServingWhenTheCalibrationIsHalfWritten(ServeProcess serve, Path served)
      throws Exception {
    String id = serve.info().path("calibration_id").asText();
    byte[] whole = Files.readAllBytes(served);

    Files.write(served, Arrays.copyOf(whole, whole.length / 2));
    ServeProcess.await(() -> serve.get("/info").body().contains("\"done\" : false"));

    assertThat(serve.info().path("calibration_id").asText()).isEqualTo(id);
    assertThat(serve.info().path("last_swap").path("message").asText()).contains(served.toString());
    assertThat(serve.get("/readyz").statusCode()).isEqualTo(200);
    assertThat(serve.bench(folder, "--callers", "2", "--seconds", "1").path("images").asInt())
        .isPositive();
    Files.write(served, whole);
  }

  @Test
  void printsItsConfigurationWithSecretsMasked() throws Exception {
    Path kafka = folder.resolve("kafka.properties");
    Files.write(
        kafka,
        List.of(
            "sasl.jaas.config = module required password=\"hush\";",
            "ssl.keystore.key = hush",
            "client.id = seven"));
    Path settings = folder.resolve("serve.properties");
    Files.write(settings, List.of("max-batch = 7", "linger = 3ms", "port = 17"));

    ServeProcess print =
        ServeProcess.start(
            folder,
            Map.of("HEADGATE_MAX_BATCH", "9", "HEADGATE_LINGER", "5ms"),
            "serve",
            "--config",
            settings.toString(),
            "--linger",
            "4ms",
            "--kafka-config",
            kafka.toString(),
            "--print-config");

    assertThat(print.exit()).as(print.err()).isZero();
    assertThat(print.out())
        .contains(
            "\nlinger = PT0.004S\n",
            "\nmax-batch = 9\n",
            "\nport = 17\n",
            "\nhost = 127.0.0.1\n",
            "client.id = seven",
            "sasl.jaas.config = ********",
            "ssl.keystore.key = ********")
        .doesNotContain("hush");
  }

  @Test
  void refusesAMisspeltSetting() throws Exception {
    Path settings = folder.resolve("serve.properties");
    Files.write(settings, List.of("max-bach = 7"));

    ServeProcess serve =
        ServeProcess.start(folder, Map.of(), "serve", "--config", settings.toString());

    assertThat(serve.exit()).isEqualTo(2);
    assertThat(serve.err())
        .contains(settings + ": unknown setting max-bach", "max-batch")
        .doesNotContain("\tat ");
  }

  @Test
  void saysWhatIsMissingOrMalformed() throws Exception {
    ServeProcess bare =
        ServeProcess.start(folder, Map.of(), "serve", "--model", ServeProcess.MODEL.toString());
    ServeProcess malformed =
        ServeProcess.start(folder, Map.of("HEADGATE_LINGER", "soon"), "serve", "--print-config");

    assertThat(bare.exit()).isEqualTo(2);
    assertThat(bare.err()).contains("--calibration PATH is missing").doesNotContain("\tat ");
    assertThat(malformed.exit()).isEqualTo(2);
    assertThat(malformed.err()).contains("--linger", "'soon'", "2ms").doesNotContain("\tat ");
  }
}
