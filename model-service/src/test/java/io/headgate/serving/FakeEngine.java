package io.headgate.serving;

import io.headgate.imaging.RgbImage;
import io.headgate.v1.grpc.Inspection;
import io.headgate.v1.grpc.Route;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;

/**
 * Judges an image by its first byte, which comes back as its only label. Counts, can be held still,
 * and fails on chosen images.
 */
final class FakeEngine implements BatchEngine {
  static final int SIDE = 4;

  private final ServedIds ids;
  private final SimilarityDrift drift =
      new SimilarityDrift(new double[] {0.5, 0.5}, new float[] {0.1f, 0.1f});
  private final Semaphore turns = new Semaphore(0);
  private final AtomicBoolean closed = new AtomicBoolean();
  private final List<Integer> batchSizes = Collections.synchronizedList(new ArrayList<>());
  private volatile boolean held;
  private volatile int poison = -1;
  private volatile boolean broken;
  private volatile long nanosPerBatch;
  final Semaphore entered = new Semaphore(0);

  FakeEngine(String model, String calibration) {
    this.ids = new ServedIds(model, calibration);
  }

  static FakeEngine create() {
    return new FakeEngine("model-a", "calibration-a");
  }

  /** An image that judging answers with {@code value}, 0 to 127. */
  static RgbImage image(int value) {
    byte[] rgb = new byte[SIDE * SIDE * 3];
    rgb[0] = (byte) value;
    return new RgbImage(SIDE, SIDE, rgb);
  }

  /** From now on every batch waits for {@link #step}. */
  FakeEngine hold() {
    held = true;
    return this;
  }

  /** Lets one held batch run. */
  void step() {
    turns.release();
  }

  /** Lets all batches run. */
  void release() {
    held = false;
    turns.release(1000);
  }

  /** Waits until one more batch has reached the device. */
  void awaitEntered() throws InterruptedException {
    if (!entered.tryAcquire(20, TimeUnit.SECONDS)) {
      throw new AssertionError("no batch reached the engine");
    }
  }

  FakeEngine poison(int value) {
    poison = value;
    return this;
  }

  FakeEngine slow(long nanos) {
    nanosPerBatch = nanos;
    return this;
  }

  FakeEngine broken(boolean yes) {
    broken = yes;
    return this;
  }

  List<Integer> batchSizes() {
    synchronized (batchSizes) {
      return List.copyOf(batchSizes);
    }
  }

  boolean closed() {
    return closed.get();
  }

  @Override
  public EngineDescription description() {
    return new EngineDescription(
        ids, SIDE, 2, 2, 8, "none", "fp32", "prune", Instant.EPOCH, List.of("cat", "dog"));
  }

  @Override
  public SimilarityDrift drift() {
    return drift;
  }

  @Override
  public List<Judged> judge(List<Question> images) {
    if (closed.get()) {
      throw new IllegalStateException("used after close");
    }
    batchSizes.add(images.size());
    entered.release();
    if (held) {
      turns.acquireUninterruptibly();
    }
    if (nanosPerBatch > 0) {
      java.util.concurrent.locks.LockSupport.parkNanos(nanosPerBatch);
    }
    if (broken || images.stream().anyMatch(q -> q.image().rgb()[0] == poison)) {
      throw new IllegalStateException("cannot digest this batch");
    }
    return images.stream().<Judged>map(q -> new Echo(q.image().rgb()[0], ids)).toList();
  }

  @Override
  public void close() {
    if (!closed.compareAndSet(false, true)) {
      throw new IllegalStateException("closed twice");
    }
  }

  /** The byte as label; the ids it was computed with as policy. */
  record Echo(int value, ServedIds ids) implements Judged {
    @Override
    public Inspection inspection() {
      return Inspection.newBuilder()
          .setRoute(Route.ROUTE_CLEAN)
          .addLabels(
              io.headgate.v1.grpc.Label.newBuilder()
                  .setName(Integer.toString(value))
                  .setProbability(1))
          .setPolicy(ids.modelFingerprint() + "/" + ids.calibrationId())
          .build();
    }

    @Override
    public ImageFigures figures() {
      return new ImageFigures(
          ImageFigures.Route.CLEAN,
          1,
          new float[] {0.5f, 0.7f},
          List.of(new ImageFigures.Score("combined", value, value > 100)),
          1e-6);
    }
  }
}
