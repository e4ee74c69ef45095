package io.headgate.clip;

import io.headgate.console.UserException;
import java.util.Locale;

/**
 * How a lower precision did against float32 on synthetic images, at load.
 *
 * @param precision that asked to be admitted
 * @param similarityError root mean square error of the last layer's head similarities (dot products
 *     with their mean part), relative to their root mean square
 * @param cosine of the embeddings in both precisions, the smallest
 * @param residual max |Σ parts − embedding|
 * @param speedRatio time in float32 by time in this precision, decomposition included, one core
 */
public record Admission(
    Precision precision,
    double similarityError,
    double cosine,
    double residual,
    double speedRatio) {
  /** Largest {@link #similarityError} admitted. */
  public static final double MAX_SIMILARITY_ERROR = 0.05;

  /** Smallest {@link #cosine} admitted. */
  public static final double MIN_COSINE = 0.999;

  /** Smallest {@link #speedRatio} admitted: slower than float32 there is no point. */
  public static final double MIN_SPEED_RATIO = 1;

  /** Whether the precision may be used. */
  public boolean admitted() {
    return similarityError <= MAX_SIMILARITY_ERROR
        && cosine >= MIN_COSINE
        && speedRatio >= MIN_SPEED_RATIO;
  }

  void require(Object model) {
    if (!admitted()) {
      throw new UserException(
          "%s: %s (expected: similarity error <= %s, cosine >= %s, speed >= %sx; remedy: precision fp32)"
              .formatted(model, this, MAX_SIMILARITY_ERROR, MIN_COSINE, MIN_SPEED_RATIO));
    }
  }

  @Override
  public String toString() {
    return String.format(
        Locale.ROOT,
        "%s against fp32: similarity error %.4f, embedding cosine %.6f, sum of parts off by %.1e, speed %.2fx",
        precision.name().toLowerCase(Locale.ROOT),
        similarityError,
        cosine,
        residual,
        speedRatio);
  }
}
