package io.headgate.clip;

import ai.djl.ndarray.NDManager;
import io.headgate.decomposition.ModelShape;
import io.headgate.imaging.RgbImage;
import io.headgate.zeroshot.ZeroShotClassifier;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.stream.IntStream;

/** Small random models and images, reproducible from a seed. */
final class RandomModels {
  private static final float[] MEAN = {0.48145466f, 0.4578275f, 0.40821073f};
  private static final float[] STD = {0.26862954f, 0.26130258f, 0.27577711f};

  private RandomModels() {}

  /** A vision spec with sizes that differ from each other and from round numbers. */
  static VisionSpec spec(long seed) {
    Random random = new Random(seed);
    int heads = 1 + random.nextInt(4);
    int headWidth = 4 + 2 * random.nextInt(7);
    int patch = 2 + random.nextInt(6);
    int grid = 1 + random.nextInt(4);
    return new VisionSpec(
        new ModelShape(
            patch * grid,
            patch,
            1 + random.nextInt(4),
            heads,
            heads * headWidth,
            5 + random.nextInt(30)),
        random.nextBoolean(),
        1e-5,
        MEAN,
        STD);
  }

  static RandomParameters parameters(VisionSpec spec, long seed) {
    return RandomParameters.vision(spec.shape(), 3 * spec.shape().width() + 2, seed);
  }

  static VisionModel model(
      NDManager manager, VisionSpec spec, long seed, Arithmetic arithmetic, int maxBatch) {
    return model(manager, spec, seed, arithmetic, maxBatch, Optional.empty());
  }

  static VisionModel model(
      NDManager manager,
      VisionSpec spec,
      long seed,
      Arithmetic arithmetic,
      int maxBatch,
      Optional<ZeroShotClassifier> classifier) {
    return new VisionModel(
        manager,
        VisionTower.load(manager, parameters(spec, seed), spec, arithmetic, classifier),
        spec.shape(),
        2,
        maxBatch);
  }

  static List<RgbImage> images(int side, int count, long seed) {
    Random random = new Random(seed);
    List<RgbImage> images = new ArrayList<>();
    for (int i = 0; i < count; i++) {
      byte[] rgb = new byte[side * side * 3];
      random.nextBytes(rgb);
      images.add(new RgbImage(side, side, rgb));
    }
    return images;
  }

  /** (x/255 − mean)/std, channels first. */
  static float[] values(RgbImage image) {
    int area = image.width() * image.height();
    float[] values = new float[3 * area];
    for (int c = 0; c < 3; c++) {
      for (int p = 0; p < area; p++) {
        values[c * area + p] = ((image.rgb()[3 * p + c] & 0xff) / 255f - MEAN[c]) / STD[c];
      }
    }
    return values;
  }

  static int[] allTokens(ModelShape shape) {
    return IntStream.range(0, shape.tokens()).toArray();
  }

  static float[] unit(Random random, int d) {
    float[] v = new float[d];
    double square = 0;
    for (int i = 0; i < d; i++) {
      v[i] = (float) random.nextGaussian();
      square += v[i] * v[i];
    }
    for (int i = 0; i < d; i++) {
      v[i] /= (float) Math.sqrt(square);
    }
    return v;
  }
}
