package io.headgate.calibration;

import io.headgate.detection.BinomialBound;

/**
 * What the held-out clean images showed.
 *
 * @param images number of held-out images
 * @param flagged of them, before any repair
 * @param quarantined of them, after the repair was tried
 * @param confidence of the bounds
 */
public record Measured(long images, long flagged, long quarantined, double confidence) {
  /** Share flagged. */
  public double flagRate() {
    return images == 0 ? 0 : (double) flagged / images;
  }

  /** Clopper–Pearson upper bound of the flag rate. */
  public double flagRateUpper() {
    return BinomialBound.upper(flagged, images, confidence);
  }

  /** Share quarantined. */
  public double quarantineRate() {
    return images == 0 ? 0 : (double) quarantined / images;
  }

  /** Clopper–Pearson upper bound of the quarantine rate. */
  public double quarantineRateUpper() {
    return BinomialBound.upper(quarantined, images, confidence);
  }
}
