package io.headgate.lab.evaluation;

import io.headgate.imaging.RgbImage;

/**
 * A picture to measure on.
 *
 * @param name for reports
 * @param pixels of the model's size
 * @param label index of its true class, −1 if it is not known
 */
public record Picture(String name, RgbImage pixels, int label) {}
