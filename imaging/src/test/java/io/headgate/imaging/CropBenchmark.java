package io.headgate.imaging;

import static org.assertj.core.api.Assertions.assertThat;

import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.concurrent.TimeUnit;
import javax.imageio.ImageReader;
import javax.imageio.stream.ImageInputStream;
import javax.imageio.stream.MemoryCacheImageInputStream;
import org.junit.jupiter.api.Test;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.Warmup;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.OptionsBuilder;

/**
 * JMH: a JPEG to its crop against the JDK's decode alone. Not part of the tests; run it with {@code
 * ./mvnw -pl imaging -am test -Dtest=CropBenchmark -Dsurefire.failIfNoSpecifiedTests=false}, the
 * table is in {@code imaging/target/surefire-reports/*-output.txt}.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 3, time = 1)
@Measurement(iterations = 5, time = 1)
public class CropBenchmark {
  /** Pixels of the picture. */
  @Param({"1200x900", "1500x1000", "1200x1200", "2000x1000"})
  public String pixels;

  private final ImagePreprocessor preprocessor = new ImagePreprocessor(ImageLimits.defaults());
  private byte[] jpeg;
  private RgbImage image;

  @Setup
  public void makePicture() throws ImageRejectedException {
    String[] sides = pixels.split("x");
    jpeg = ImagingBench.picture(Integer.parseInt(sides[0]), Integer.parseInt(sides[1]));
    image = Pixels.decode(jpeg);
  }

  @Benchmark
  public BufferedImage jdkDecode() throws IOException {
    ImageReader reader = JpegDecoder.jdkReader();
    try (ImageInputStream in = new MemoryCacheImageInputStream(new ByteArrayInputStream(jpeg))) {
      reader.setInput(in, true, true);
      return reader.read(0);
    } finally {
      reader.dispose();
    }
  }

  @Benchmark
  public RgbImage crop() throws ImageRejectedException {
    return preprocessor.crop(jpeg, 224);
  }

  @Benchmark
  public RgbImage resampleOnly() {
    CropResampler resampler = new CropResampler(image.width(), image.height(), 224);
    for (int y = 0; y < image.height(); y++) {
      resampler.row(y, image.rgb(), y * image.width() * RgbImage.CHANNELS);
    }
    return resampler.finish();
  }

  @Test
  void run() throws RunnerException {
    var results =
        new Runner(
                new OptionsBuilder()
                    .include(CropBenchmark.class.getName())
                    .forks(1)
                    .jvmArgs("-Xmx512m", "-Djava.awt.headless=true")
                    .build())
            .run();

    assertThat(results).isNotEmpty();
  }
}
