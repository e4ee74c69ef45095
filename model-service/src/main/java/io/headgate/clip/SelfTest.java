package io.headgate.clip;

import ai.djl.engine.EngineException;
import ai.djl.ndarray.NDManager;
import io.headgate.console.UserException;
import io.headgate.decomposition.Decomposition;
import io.headgate.decomposition.ModelShape;
import io.headgate.imaging.RgbImage;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/** What is tried at load, so that a machine that computes wrongly never gives a verdict. */
final class SelfTest {
  /** Of Σ parts − embedding in float32; it is about 2e-7 on the models known. */
  static final double MAX_RESIDUAL = 1e-5;

  /** Between two ways to compute the same in float32. */
  private static final double MAX_DISTANCE = 1e-4;

  private static final int IMAGES = 4;
  private static final int SPEED_BATCH = 8;
  private static final int SPEED_ROUNDS = 3;

  private static final Logger log = LoggerFactory.getLogger(SelfTest.class);

  private SelfTest() {}

  /**
   * The fastest arithmetic that this machine computes correctly: packed where oneDNN's products
   * exist and agree with PyTorch's own on a small random model, else plain.
   */
  static Arithmetic choose(NDManager manager, Precision precision, String device) {
    Arithmetic plain = Arithmetic.plain(precision);
    if (!device.equals("cpu") || precision == Precision.FP16) {
      return plain;
    }
    Arithmetic packed = Arithmetic.packed(precision);
    try {
      double distance = distance(manager, packed, plain);
      double limit = precision == Precision.FP32 ? MAX_DISTANCE : 0.1;
      if (distance <= limit) {
        return packed;
      }
      log.warn(
          "packed {} products are off by {} on this machine (expected: at most {}): using plain ones",
          precision,
          distance,
          limit);
    } catch (EngineException e) {
      log.warn(
          "no packed {} products on this machine, using plain ones: {}",
          precision,
          e.getMessage().lines().findFirst().orElse(""));
    }
    return plain;
  }

  private static double distance(NDManager manager, Arithmetic a, Arithmetic b) {
    double worst = 0;
    for (boolean quickGelu : new boolean[] {true, false}) {
      VisionSpec spec =
          new VisionSpec(
              new ModelShape(24, 8, 2, 2, 32, 16),
              quickGelu,
              1e-5,
              new float[] {0.5f, 0.5f, 0.5f},
              new float[] {0.25f, 0.25f, 0.25f});
      List<RgbImage> images = images(24);
      List<Decomposition> of = random(manager, spec, a, images);
      List<Decomposition> with = random(manager, spec, b, images);
      for (int i = 0; i < images.size(); i++) {
        worst = max(worst, distance(of.get(i).embedding(), with.get(i).embedding()));
        worst = max(worst, distance(of.get(i).heads(), with.get(i).heads()));
        worst = max(worst, distance(of.get(i).mlps(), with.get(i).mlps()));
      }
    }
    return worst;
  }

  private static List<Decomposition> random(
      NDManager manager, VisionSpec spec, Arithmetic arithmetic, List<RgbImage> images) {
    Parameters parameters = RandomParameters.vision(spec.shape(), 48, 1);
    try (VisionModel model =
        new VisionModel(
            manager,
            VisionTower.load(manager, parameters, spec, arithmetic, Optional.empty()),
            spec.shape(),
            1,
            IMAGES)) {
      return model.decompose(images);
    }
  }

  /**
   * Takes synthetic images apart: parts must be finite and, in float32, sum to the embedding.
   *
   * @throws UserException with the figures if they do not
   */
  static void requireLaw(VisionModel model, ModelShape shape, Precision precision, Object name) {
    double limit = precision == Precision.FP32 ? MAX_RESIDUAL : 0.05;
    for (Decomposition d : model.decompose(images(shape.imageSize()).subList(0, 2))) {
      double residual = d.residual();
      boolean finite = Float.isFinite(d.sigma()) && Float.isFinite(d.norm());
      if (!finite || !(residual <= limit)) {
        throw new UserException(
            ("%s: self-test failed: sum of parts is off by %.3g (expected: at most %.0e), norm %s, sigma %s: the"
                    + " weights are damaged or hold NaN, or this machine computes wrongly")
                .formatted(name, residual, limit, d.norm(), d.sigma()));
      }
    }
  }

  /**
   * Compares a precision with float32 on synthetic images.
   *
   * @param gpu whether they compute on one, which the time of this thread would not show
   */
  static Admission compare(
      VisionModel model, VisionModel fp32, ModelShape shape, Precision precision, boolean gpu) {
    List<RgbImage> images = images(shape.imageSize());
    List<Decomposition> exact = fp32.decompose(images);
    List<Decomposition> rounded = model.decompose(images);
    int last = (shape.layers() - 1) * shape.heads();
    int d = shape.embedding();
    double[][] prototypes = new double[shape.heads()][d];
    for (Decomposition e : exact) {
      for (int h = 0; h < shape.heads(); h++) {
        for (int k = 0; k < d; k++) {
          prototypes[h][k] += (double) e.heads()[(last + h) * d + k] / exact.size();
        }
      }
    }
    double error = 0;
    double square = 0;
    double cosine = 1;
    double residual = 0;
    for (int i = 0; i < exact.size(); i++) {
      for (int h = 0; h < shape.heads(); h++) {
        double is = dot(exact.get(i).heads(), (last + h) * d, prototypes[h]);
        double was = dot(rounded.get(i).heads(), (last + h) * d, prototypes[h]);
        error += (was - is) * (was - is);
        square += is * is;
      }
      double[] unit = new double[d];
      for (int k = 0; k < d; k++) {
        unit[k] = exact.get(i).embedding()[k];
      }
      cosine = Math.min(cosine, dot(rounded.get(i).embedding(), 0, unit));
      residual = max(residual, rounded.get(i).residual());
    }
    return new Admission(
        precision,
        Math.sqrt(error / square),
        cosine,
        residual,
        speedRatio(model, fp32, shape, gpu ? System::nanoTime : SelfTest::ownTime));
  }

  /** By the fastest of a few interleaved rounds. */
  private static double speedRatio(
      VisionModel model, VisionModel fp32, ModelShape shape, LongSupplier clock) {
    List<RgbImage> images = new ArrayList<>();
    int count = Math.min(SPEED_BATCH, Math.min(model.maxBatch(), fp32.maxBatch()));
    while (images.size() < count) {
      images.addAll(images(shape.imageSize()));
    }
    images = images.subList(0, count);
    long best = Long.MAX_VALUE;
    long bestFp32 = Long.MAX_VALUE;
    for (int round = 0; round < SPEED_ROUNDS; round++) {
      best = Math.min(best, nanos(model, images, clock));
      bestFp32 = Math.min(bestFp32, nanos(fp32, images, clock));
    }
    return (double) bestFp32 / best;
  }

  private static long nanos(VisionModel model, List<RgbImage> images, LongSupplier clock) {
    long start = clock.getAsLong();
    model.decomposeAlone(images);
    return clock.getAsLong() - start;
  }

  /** Processor time of this thread, so that a busy machine does not count. */
  private static long ownTime() {
    ThreadMXBean threads = ManagementFactory.getThreadMXBean();
    return threads.isCurrentThreadCpuTimeSupported()
        ? threads.getCurrentThreadCpuTime()
        : System.nanoTime();
  }

  /** Smooth random pictures: a few waves per colour. */
  static List<RgbImage> images(int side) {
    List<RgbImage> images = new ArrayList<>();
    for (int i = 0; i < IMAGES; i++) {
      Random random = new Random(i);
      byte[] rgb = new byte[side * side * 3];
      for (int c = 0; c < 3; c++) {
        double fx = random.nextDouble() * 20 / side;
        double fy = random.nextDouble() * 20 / side;
        double phase = random.nextDouble() * 6;
        double level = 60 + random.nextInt(136);
        for (int p = 0; p < side * side; p++) {
          double wave = Math.sin(fx * (p % side) + fy * (p / side) + phase);
          rgb[3 * p + c] = (byte) Math.max(0, Math.min(255, Math.round(level + 60 * wave)));
        }
      }
      images.add(new RgbImage(side, side, rgb));
    }
    return images;
  }

  private static double distance(float[] a, float[] b) {
    double worst = 0;
    for (int i = 0; i < a.length; i++) {
      worst = max(worst, Math.abs(a[i] - b[i]));
    }
    return worst;
  }

  /** NaN wins. */
  private static double max(double worst, double value) {
    return value <= worst ? worst : value;
  }

  private static double dot(float[] a, int from, double[] b) {
    double sum = 0;
    for (int k = 0; k < b.length; k++) {
      sum += a[from + k] * b[k];
    }
    return sum;
  }
}
