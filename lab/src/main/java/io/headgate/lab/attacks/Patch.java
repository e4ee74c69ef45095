package io.headgate.lab.attacks;

import java.util.Arrays;
import java.util.random.RandomGenerator;

/**
 * A square trigger patch.
 *
 * @param side in pixels
 * @param rgb {@code [side, side, 3]}, each in [0, 1]
 */
public record Patch(int side, float[] rgb) {
  /**
   * @throws IllegalArgumentException if the array does not fit the side or a value leaves [0, 1]
   */
  public Patch {
    if (side < 1 || rgb.length != side * side * 3) {
      throw new IllegalArgumentException(
          "patch: side %d with %d numbers (expected: side * side * 3)".formatted(side, rgb.length));
    }
    for (float v : rgb) {
      if (!(v >= 0 && v <= 1)) {
        throw new IllegalArgumentException("patch value: %s (expected: in [0, 1])".formatted(v));
      }
    }
    rgb = rgb.clone();
  }

  /** Saturated random colours, {@code cells} to a side, each {@code scale} pixels wide. */
  static Patch random(RandomGenerator random, int cells, int scale) {
    float[] cell = new float[cells * cells * 3];
    for (int i = 0; i < cell.length; i++) {
      cell[i] = random.nextBoolean() ? 1 : 0;
    }
    return new Patch(cells, cell).resized(cells * scale);
  }

  /** Nearest-neighbour. */
  Patch resized(int newSide) {
    if (newSide == side) {
      return this;
    }
    float[] out = new float[newSide * newSide * 3];
    for (int y = 0; y < newSide; y++) {
      for (int x = 0; x < newSide; x++) {
        System.arraycopy(
            rgb,
            (y * side / newSide * side + x * side / newSide) * 3,
            out,
            (y * newSide + x) * 3,
            3);
      }
    }
    return new Patch(newSide, out);
  }

  @Override
  public float[] rgb() {
    return rgb.clone();
  }

  float value(int y, int x, int c) {
    return rgb[(y * side + x) * 3 + c];
  }

  @Override
  public boolean equals(Object o) {
    return o instanceof Patch other && side == other.side && Arrays.equals(rgb, other.rgb);
  }

  @Override
  public int hashCode() {
    return 31 * side + Arrays.hashCode(rgb);
  }
}
