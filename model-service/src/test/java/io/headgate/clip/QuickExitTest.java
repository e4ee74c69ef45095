package io.headgate.clip;

import static org.assertj.core.api.Assertions.assertThat;

import ai.djl.ndarray.NDManager;
import io.headgate.decomposition.ModelShape;
import io.headgate.imaging.RgbImage;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

class QuickExitTest {
  @TempDir Path temp;

  @Test
  @Timeout(120)
  void endsInTheMiddleOfAForwardWithItsExitCode() throws Exception {
    Process process =
        new ProcessBuilder(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx256m",
                "-Dai.djl.offline=true",
                "-cp",
                System.getProperty("java.class.path"),
                Busy.class.getName())
            .directory(temp.toFile())
            .redirectError(temp.resolve("error").toFile())
            .start();
    try {
      boolean computing = process.getInputStream().read() >= 0;
      assertThat(process.waitFor(100, TimeUnit.SECONDS)).isTrue();

      assertThat(computing).isTrue();
      assertThat(process.exitValue()).isEqualTo(7);
      assertThat(temp.toFile().list((folder, name) -> name.startsWith("hs_err"))).isEmpty();
    } finally {
      process.destroyForcibly();
    }
  }

  /** Exits while two daemon threads compute batches that take longer than the JVM waits. */
  static final class Busy {
    public static void main(String[] args) throws IOException, InterruptedException {
      ModelShape shape = new ModelShape(224, 16, 4, 6, 384, 32);
      float[] half = {0.5f, 0.5f, 0.5f};
      VisionSpec spec = new VisionSpec(shape, true, 1e-5, half, half);
      NDManager manager = Engine.newManager("cpu");
      VisionModel model =
          RandomModels.model(manager, spec, 1, Arithmetic.packed(Precision.FP32), 64);
      List<RgbImage> images = RandomModels.images(shape.imageSize(), 128, 1);
      model.embed(images.subList(0, 2));
      Thread computing =
          new Thread(
              () -> {
                while (true) {
                  model.embed(images);
                }
              });
      computing.setDaemon(true);
      computing.start();
      System.out.write('!');
      System.out.flush();
      Thread.sleep(500);
      System.exit(7);
    }
  }
}
