package io.headgate.serving;

import java.util.List;

/**
 * Judges batches: one model with one calibration, as the batcher sees them. Safe for concurrent
 * callers. {@link #close()} is called once, when no batch is running on it and none will be.
 */
interface BatchEngine extends AutoCloseable {
  EngineDescription description();

  /** Where the similarities of the images found clean by this engine are watched. */
  SimilarityDrift drift();

  /**
   * Judges, and does nothing else: warm-up and self-tests come through here too.
   *
   * @param images at least one, all of the {@link EngineDescription#imageSize() model's size}
   * @return one result per image, in their order
   */
  List<Judged> judge(List<Question> images);

  @Override
  void close();
}
