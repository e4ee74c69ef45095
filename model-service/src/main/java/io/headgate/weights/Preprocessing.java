package io.headgate.weights;

import java.util.Arrays;

/**
 * What happens to an image before the model: shorter side resized (bicubic, antialiased) to {@code
 * imageSize}, centre crop, then (x/255 − mean)/std per channel.
 *
 * @param imageSize side of the square crop in pixels
 * @param mean of R, G, B
 * @param std of R, G, B
 */
public record Preprocessing(int imageSize, float[] mean, float[] std) {
  private static final float[] CLIP_MEAN = {0.48145466f, 0.4578275f, 0.40821073f};
  private static final float[] CLIP_STD = {0.26862954f, 0.26130258f, 0.27577711f};

  /**
   * @throws IllegalArgumentException if the size is not positive, or the means and deviations are
   *     not three finite numbers each, the latter positive
   */
  public Preprocessing {
    if (imageSize < 1 || mean.length != 3 || std.length != 3) {
      throw new IllegalArgumentException(
          "preprocessing: image size %d, %d means, %d deviations (expected: > 0, 3, 3)"
              .formatted(imageSize, mean.length, std.length));
    }
    for (int c = 0; c < 3; c++) {
      if (!Float.isFinite(mean[c]) || !Float.isFinite(std[c]) || std[c] <= 0) {
        throw new IllegalArgumentException(
            "preprocessing: mean %s, std %s (expected: finite numbers, std > 0)"
                .formatted(Arrays.toString(mean), Arrays.toString(std)));
      }
    }
    mean = mean.clone();
    std = std.clone();
  }

  /** With the means and deviations of OpenAI's CLIP. */
  public static Preprocessing clip(int imageSize) {
    return new Preprocessing(imageSize, CLIP_MEAN, CLIP_STD);
  }

  /** A copy. */
  @Override
  public float[] mean() {
    return mean.clone();
  }

  /** A copy. */
  @Override
  public float[] std() {
    return std.clone();
  }

  @Override
  public boolean equals(Object o) {
    return o instanceof Preprocessing other
        && imageSize == other.imageSize
        && Arrays.equals(mean, other.mean)
        && Arrays.equals(std, other.std);
  }

  @Override
  public int hashCode() {
    return 31 * (31 * imageSize + Arrays.hashCode(mean)) + Arrays.hashCode(std);
  }

  @Override
  public String toString() {
    return "Preprocessing[imageSize=%d, mean=%s, std=%s]"
        .formatted(imageSize, Arrays.toString(mean), Arrays.toString(std));
  }
}
