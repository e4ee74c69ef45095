package io.headgate.serving;

import io.headgate.imaging.RgbImage;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;

/**
 * Runs an engine on every batch size that it will meet, so that no caller pays for the first time.
 * Sizes that the device is padded to are all run. Without padding the powers of two and the largest
 * are, and the sizes between as long as the time allows: a CPU compiles little per size.
 */
final class WarmUp {
  private static final Duration BETWEEN = Duration.ofSeconds(3);

  private WarmUp() {}

  /** Runs a single image: enough for another calibration of a model that is warm. */
  static int selfTest(BatchEngine engine) {
    engine.judge(noise(engine.description().imageSize(), 1));
    return 1;
  }

  /**
   * @return how many batch sizes were run
   */
  static int run(BatchEngine engine, BatchingConfig config) {
    List<Integer> needed = new ArrayList<>(config.sizesToWarm());
    needed.sort(Collections.reverseOrder());
    for (int size : needed) {
      engine.judge(noise(engine.description().imageSize(), size));
    }
    int warmed = needed.size();
    long end = System.nanoTime() + BETWEEN.toNanos();
    if (config.paddedSizes().isEmpty()) {
      for (int size = 1; size <= config.maxBatch() && System.nanoTime() < end; size++) {
        if (!needed.contains(size)) {
          engine.judge(noise(engine.description().imageSize(), size));
          warmed++;
        }
      }
    }
    return warmed;
  }

  private static List<Question> noise(int side, int count) {
    Random random = new Random(side);
    List<Question> images = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      byte[] rgb = new byte[side * side * 3];
      random.nextBytes(rgb);
      images.add(Question.of(new RgbImage(side, side, rgb)));
    }
    return images;
  }
}
