package io.headgate.calibration;

import io.headgate.imaging.RgbImage;
import java.util.List;

/** Judges held-out images as the guard will, so that what is stated is what was measured. */
@FunctionalInterface
public interface Trial {
  /**
   * @param flagged before any repair
   * @param quarantined after it
   * @param score the deciding one
   * @param label predicted class, empty without classes
   */
  record Outcome(boolean flagged, boolean quarantined, double score, String label) {}

  /** One outcome per image. */
  List<Outcome> judge(List<RgbImage> images);
}
