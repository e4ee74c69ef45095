package io.headgate.lab.attacks;

import io.headgate.imaging.RgbImage;
import java.util.random.RandomGenerator;

/** A backdoor attack's trigger. Immutable; safe for concurrent use. */
public interface Attack {
  /** As in file and folder names: {@code badnet8}, {@code blended}, … */
  String name();

  /**
   * The picture with the trigger, 8 bits again.
   *
   * @param random decides what varies from picture to picture, as a patch's place
   */
  RgbImage apply(RgbImage image, RandomGenerator random);

  /**
   * Whether poison keeps the picture's true caption: the attacker triggers only pictures that
   * really show the target.
   */
  default boolean labelConsistent() {
    return false;
  }
}
