package io.headgate.serving;

import io.headgate.imaging.RgbImage;

/**
 * One image and what its caller wants to know of it.
 *
 * @param image of the model's size
 * @param topLabels at most so many labels, at least 1
 * @param evidence also if the image is not quarantined
 */
record Question(RgbImage image, int topLabels, boolean evidence) {
  /** With one label, as warm-up and self-tests ask. */
  static Question of(RgbImage image) {
    return new Question(image, 1, false);
  }
}
