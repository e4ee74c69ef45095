package io.headgate.calibration;

import io.headgate.imaging.RgbImage;

/**
 * One image of the calibration set.
 *
 * @param name for reports
 * @param sha256 of its encoded bytes, 32 bytes
 * @param pixels of the model's size
 */
public record CleanImage(String name, byte[] sha256, RgbImage pixels) {}
