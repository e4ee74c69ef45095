package io.headgate.calibration;

import io.headgate.decomposition.ModelShape;

/**
 * Which images do what, by their place in the order they come in. Small sets have no second stage:
 * all that is not held out is kept, makes the reference, and is then fitted on, each image read as
 * if it were not in the reference.
 *
 * @param pilot images before this one are kept with all their parts: they make the first reference,
 *     and are screened against each other
 * @param reference images from {@code pilot} to this one are screened against the first ones and
 *     added to the reference, one at a time
 * @param fit images from {@code reference} to this one are fitted on: a few hundred numbers of each
 *     are kept
 * @param total images from {@code fit} to this one only measure; nothing of them is kept
 */
public record Stages(long pilot, long reference, long fit, long total) {
  private static final long PARTS_BYTES = 256L << 20;
  private static final long READINGS_BYTES = 128L << 20;
  private static final int MIN_PILOT = 64;

  /** For so many images of a model, in bounded memory. */
  public static Stages of(long total, CalibrationSettings settings, ModelShape shape) {
    return of(total, settings, shape, PARTS_BYTES, READINGS_BYTES);
  }

  static Stages of(
      long total,
      CalibrationSettings settings,
      ModelShape shape,
      long partsBytes,
      long readingsBytes) {
    long held = Math.max(settings.fewestHeldOut(), Math.round(total * settings.heldOutShare()));
    long until = Math.max(0, total - held);
    long numbersOfParts = (long) shape.components() * shape.embedding();
    long numbersOfReading =
        2L * shape.components()
            + (long) (shape.layers() + 1) * shape.heads()
            + shape.embedding()
            + 16;
    long pilot = Math.max(MIN_PILOT, partsBytes / (Float.BYTES * numbersOfParts));
    if (until <= pilot) {
      return new Stages(until, until, until, total);
    }
    long readings = Math.max(MIN_PILOT, readingsBytes / (Float.BYTES * numbersOfReading));
    long fitted = Math.min((until - pilot + 1) / 2, readings);
    return new Stages(pilot, until - fitted, until, total);
  }

  enum Stage {
    PILOT,
    REFERENCE,
    FIT,
    HELD_OUT
  }

  Stage of(long index) {
    return index < pilot
        ? Stage.PILOT
        : index < reference ? Stage.REFERENCE : index < fit ? Stage.FIT : Stage.HELD_OUT;
  }
}
