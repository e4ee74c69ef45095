package io.headgate.calibration;

import java.nio.ByteBuffer;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * The images a calibration was made from.
 *
 * @param total read and judged fit
 * @param reference of them for the means and prototypes
 * @param fitted of them for detectors, ranks and thresholds
 * @param heldOut of them for the measured rates
 * @param classesSeen number of classes that images of the reference were predicted as
 * @param leftOut of the reference and the fit, for not looking clean
 * @param skipped that could not be decoded or were there before, with the reason; at most {@value
 *     #LISTED} are listed
 * @param skippedCount how many were skipped
 * @param manifest SHA-256 of every image used, {@code [total, 32]} flattened, in byte order
 */
public record CalibrationImages(
    long total,
    long reference,
    long fitted,
    long heldOut,
    int classesSeen,
    long leftOut,
    List<String> skipped,
    long skippedCount,
    byte[] manifest) {
  /** How many names a list in a calibration holds at most. */
  public static final int LISTED = 200;

  public CalibrationImages {
    skipped = List.copyOf(skipped);
  }

  /** The manifest as a set: SHA-256 of every image used. */
  public Set<ByteBuffer> hashes() {
    Set<ByteBuffer> hashes = new HashSet<>();
    for (int at = 0; at < manifest.length; at += 32) {
      hashes.add(ByteBuffer.wrap(manifest, at, 32).slice());
    }
    return hashes;
  }
}
