package io.headgate.serving;

/**
 * How far the similarities of images found clean have moved from those of the clean images of the
 * calibration: an exponentially weighted mean per head, in units of the distance between the
 * calibration's clean mean and the head's ε. At −1 the average clean image would count as infected:
 * the stream is not what the thresholds were made for. Safe for concurrent use.
 */
final class SimilarityDrift {
  /** Images after which a past one weighs 1/e. */
  private static final double WINDOW = 1000;

  /** Fewer say nothing. */
  private static final int LEAST_IMAGES = 50;

  private final double[] mean;
  private final double[] unit;
  private final double[] weighted;
  private double weight;
  private long images;

  /**
   * @param mean {@code [H]} over the calibration's clean images
   * @param epsilon {@code [H]} at or below which a head counts as infected
   */
  SimilarityDrift(double[] mean, float[] epsilon) {
    if (mean.length != epsilon.length) {
      throw new IllegalArgumentException(
          "drift: %d means, %d epsilons (expected: as many)"
              .formatted(mean.length, epsilon.length));
    }
    this.mean = mean.clone();
    this.unit = new double[mean.length];
    for (int h = 0; h < unit.length; h++) {
      unit[h] = Math.abs(mean[h] - epsilon[h]);
    }
    this.weighted = new double[mean.length];
  }

  int heads() {
    return mean.length;
  }

  /** Takes in the similarities {@code [H]} of an image found clean. */
  synchronized void add(float[] similarities) {
    double keep = 1 - 1 / WINDOW;
    weight = weight * keep + 1;
    images++;
    for (int h = 0; h < weighted.length; h++) {
      weighted[h] = weighted[h] * keep + similarities[h];
    }
  }

  /**
   * In distances from the clean mean to ε, negative towards it; NaN until there is enough to tell.
   */
  synchronized double of(int head) {
    return images < LEAST_IMAGES ? Double.NaN : (weighted[head] / weight - mean[head]) / unit[head];
  }
}
