package io.headgate.calibration;

import java.util.List;

/**
 * The images a calibration was made from.
 *
 * @param total read and judged fit
 * @param reference of them for the means and prototypes
 * @param fitted of them for detectors, ranks and thresholds
 * @param heldOut of them for the measured rates
 * @param skipped that could not be decoded, with the reason; at most {@value #LISTED} are listed
 * @param skippedCount how many could not be decoded
 * @param manifest SHA-256 of every image used, {@code [total, 32]} flattened, in byte order
 */
public record CalibrationImages(
    long total,
    long reference,
    long fitted,
    long heldOut,
    List<String> skipped,
    long skippedCount,
    byte[] manifest) {
  /** How many names a list in a calibration holds at most. */
  public static final int LISTED = 200;

  public CalibrationImages {
    skipped = List.copyOf(skipped);
  }
}
