package io.headgate.clip;

import static org.assertj.core.api.Assertions.assertThat;

import io.headgate.imaging.RgbImage;
import java.util.EnumSet;
import java.util.List;
import java.util.concurrent.TimeUnit;
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
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.OptionsBuilder;

/**
 * JMH: ViT-B/32 with random weights, each way to run it in a JVM of its own. Not part of the tests;
 * run it with {@code ./mvnw -pl model-service -am test -Dtest=ForwardBenchmark
 * -Dsurefire.failIfNoSpecifiedTests=false}, the table is in {@code
 * model-service/target/surefire-reports/*-output.txt}. For ratios, {@code headgate bench} takes
 * turns in one JVM.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MILLISECONDS)
@Warmup(iterations = 2, time = 2)
@Measurement(iterations = 3, time = 3)
public class ForwardBenchmark {
  /** Images at once. */
  @Param({"1", "8", "32"})
  public int batch;

  /** Cores of one call. */
  @Param({"1", "2"})
  public int threads;

  /** How it runs. */
  @Param({"PLAIN", "FAST", "FAST_PARTS", "BF16", "BF16_PARTS"})
  public ClipBench.Variant variant;

  private ClipBench bench;
  private List<RgbImage> images;

  @Setup
  public void load() {
    bench =
        ClipBench.random(
            Architecture.VIT_B_32, ClipOptions.defaults(), threads, batch, EnumSet.of(variant));
    images = RandomModels.images(bench.shape().imageSize(), batch, 1);
  }

  @TearDown
  public void close() {
    bench.close();
  }

  @Benchmark
  public void forward() {
    bench.run(variant, images);
  }

  @Test
  void run() throws RunnerException {
    var results =
        new Runner(
                new OptionsBuilder()
                    .include(ForwardBenchmark.class.getName())
                    .forks(1)
                    .jvmArgs("-Xmx512m", "-Dai.djl.offline=true")
                    .build())
            .run();

    assertThat(results).isNotEmpty();
  }
}
