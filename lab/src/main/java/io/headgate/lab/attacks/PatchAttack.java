package io.headgate.lab.attacks;

import io.headgate.imaging.RgbImage;
import java.util.random.RandomGenerator;

/**
 * A patch over the picture: BadNet (Gu et al. 2017) at a random place, also with consistent labels;
 * in the centre and optimised, BadCLIP's (Liang et al. 2024) kind.
 *
 * @param scale patch side in units of 16/224 of the picture's
 */
record PatchAttack(String name, Patch patch, int scale, PatchPlace place, boolean labelConsistent)
    implements Attack {
  @Override
  public RgbImage apply(RgbImage image, RandomGenerator random) {
    int shorter = Math.min(image.width(), image.height());
    int side = Math.max(1, (int) Math.round(shorter * Attacks.PATCH * scale));
    Patch p = patch.resized(side);
    int top = (image.height() - side) / 2;
    int left = (image.width() - side) / 2;
    if (place == PatchPlace.RANDOM) {
      top = random.nextInt(image.height() - side + 1);
      left = random.nextInt(image.width() - side + 1);
    }
    byte[] rgb = image.rgb().clone();
    for (int y = 0; y < side; y++) {
      for (int x = 0; x < side; x++) {
        for (int c = 0; c < 3; c++) {
          rgb[((top + y) * image.width() + left + x) * 3 + c] = Levels.of(p.value(y, x, c));
        }
      }
    }
    return new RgbImage(image.width(), image.height(), rgb);
  }
}
