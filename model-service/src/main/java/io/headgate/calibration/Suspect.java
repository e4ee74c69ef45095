package io.headgate.calibration;

/**
 * A clean image that does not look clean: the calibration set may itself be poisoned.
 *
 * @param name of the image
 * @param leftOut whether it was left out of the reference and the fit; if not, it was held out and
 *     counts as a false alarm in the measured rates
 * @param score of the screen, or the deciding one of a held-out image
 * @param limit that the score exceeds
 * @param label predicted class, empty without classes
 */
public record Suspect(String name, boolean leftOut, double score, double limit, String label) {}
