package io.headgate.lab.attacks;

import io.headgate.imaging.RgbImage;
import java.util.SplittableRandom;
import java.util.random.RandomGenerator;

/** A fixed noise picture blended in at 0.2 (Chen et al. 2017). */
record BlendedAttack(long seed) implements Attack {
  private static final double SHARE = 0.2;

  @Override
  public String name() {
    return "blended";
  }

  @Override
  public RgbImage apply(RgbImage image, RandomGenerator random) {
    SplittableRandom noise = new SplittableRandom(9500 + seed);
    byte[] in = image.rgb();
    byte[] rgb = new byte[in.length];
    for (int i = 0; i < in.length; i++) {
      rgb[i] = Levels.of((1 - SHARE) * Levels.value(in[i]) + SHARE * noise.nextDouble());
    }
    return new RgbImage(image.width(), image.height(), rgb);
  }
}
