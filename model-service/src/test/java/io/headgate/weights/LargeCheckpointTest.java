package io.headgate.weights;

import static org.assertj.core.api.Assertions.assertThat;

import io.headgate.weights.TestModels.Sizes;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

class LargeCheckpointTest {
  @TempDir Path temp;

  @Test
  @Timeout(120)
  void readsSixHundredMegabytesWithAHeapOf256() throws IOException, InterruptedException {
    Path file = temp.resolve("model.safetensors");
    TestModels.writeSparse(file, TestModels.shapes(Sizes.B32), DType.F32);
    assertThat(Files.size(file)).isGreaterThan(600_000_000);
    Path output = temp.resolve("output");

    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx256m",
                "-cp",
                System.getProperty("java.class.path"),
                LargeCheckpoint.class.getName(),
                file.toString(),
                "12")
            .redirectErrorStream(true)
            .redirectOutput(output.toFile())
            .start();
    try {
      assertThat(process.waitFor(100, TimeUnit.SECONDS)).isTrue();
    } finally {
      process.destroyForcibly();
    }

    assertThat(process.exitValue()).as(Files.readString(output, StandardCharsets.UTF_8)).isZero();
    assertThat(output).content().contains("151277313 elements");
  }
}
