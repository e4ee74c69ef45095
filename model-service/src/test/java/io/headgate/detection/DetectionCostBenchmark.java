package io.headgate.detection;

import static org.assertj.core.api.Assertions.assertThat;

import io.headgate.clip.ClipModel;
import io.headgate.clip.ClipOptions;
import io.headgate.decomposition.Decomposition;
import io.headgate.imaging.RgbImage;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.openjdk.jmh.annotations.Warmup;
import org.openjdk.jmh.infra.Blackhole;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.RunnerException;
import org.openjdk.jmh.runner.options.OptionsBuilder;

/**
 * JMH: what reading and scoring an image with all detectors costs beside the forward that took it
 * apart, a reference model on one core. Not part of the tests; run it with {@code ./mvnw -pl
 * model-service -am test -Dtest=DetectionCostBenchmark -Dsurefire.failIfNoSpecifiedTests=false},
 * the table is in {@code model-service/target/surefire-reports/*-output.txt}.
 */
@State(Scope.Benchmark)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.MICROSECONDS)
@Warmup(iterations = 3, time = 2)
@Measurement(iterations = 5, time = 2)
public class DetectionCostBenchmark {
  private static final int BATCH = 32;
  private static final int CLEAN = 300;

  private ClipModel model;
  private DetectorBank bank;
  private List<RgbImage> images;
  private List<Decomposition> parts;

  @Setup
  public void load() {
    model =
        ClipModel.open(
            Path.of("../reference/models/badnet8"), ClipOptions.defaults().withThreads(1));
    List<Decomposition> clean = model.decompose(noise(CLEAN, 1));
    ReferenceBuilder builder = new ReferenceBuilder(model.shape(), model.classifier());
    clean.forEach(builder::add);
    Lens lens = new Lens(builder.build(), model.classifier());
    FittedDetectors fitted =
        new DetectorFitting(0.05, 0.05, DetectorFitting.defaultCombination())
            .fit(lens.reference(), model.classifier(), clean.stream().map(lens::read).toList());
    bank = new DetectorBank(fitted, model.classifier());
    images = noise(BATCH, 2);
    parts = model.decompose(images);
  }

  private List<RgbImage> noise(int count, long seed) {
    Random random = new Random(seed);
    int side = model.shape().imageSize();
    List<RgbImage> noise = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      byte[] rgb = new byte[3 * side * side];
      random.nextBytes(rgb);
      noise.add(new RgbImage(side, side, rgb));
    }
    return noise;
  }

  @TearDown
  public void close() {
    model.close();
  }

  @Benchmark
  @OperationsPerInvocation(BATCH)
  public List<Decomposition> forward() {
    return model.decompose(images);
  }

  @Benchmark
  @OperationsPerInvocation(BATCH)
  public void detection(Blackhole seen) {
    for (Decomposition image : parts) {
      seen.consume(bank.score(image));
    }
  }

  @Test
  void run() throws RunnerException {
    var results =
        new Runner(
                new OptionsBuilder()
                    .include(DetectionCostBenchmark.class.getName())
                    .forks(1)
                    .jvmArgs("-Xmx1g", "-Dai.djl.offline=true")
                    .build())
            .run();

    assertThat(results).hasSize(2);
  }
}
