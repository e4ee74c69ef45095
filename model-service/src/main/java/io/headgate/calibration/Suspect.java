package io.headgate.calibration;

/**
 * A clean image that does not look clean: the calibration set may itself be poisoned.
 *
 * @param name of the image
 * @param score deciding score
 * @param label predicted class, empty without classes
 */
public record Suspect(String name, double score, String label) {}
