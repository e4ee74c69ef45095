package io.headgate.serving;

import io.headgate.decomposition.Decomposer;
import io.headgate.zeroshot.ZeroShotClassifier;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * A loaded model, shared by the engines that judge with it under different calibrations. The last
 * of them to be closed unloads it. Safe for concurrent use.
 */
final class ModelHandle {
  private final Decomposer model;
  private final Optional<ZeroShotClassifier> classifier;
  private final String precision;
  private final Runnable unload;
  private final AtomicInteger engines = new AtomicInteger();

  /**
   * @param unload runs once, when no engine needs the model any more
   */
  ModelHandle(
      Decomposer model,
      Optional<ZeroShotClassifier> classifier,
      String precision,
      Runnable unload) {
    this.model = model;
    this.classifier = classifier;
    this.precision = precision;
    this.unload = unload;
  }

  Decomposer model() {
    return model;
  }

  Optional<ZeroShotClassifier> classifier() {
    return classifier;
  }

  String precision() {
    return precision;
  }

  void retain() {
    engines.incrementAndGet();
  }

  void release() {
    if (engines.decrementAndGet() == 0) {
      unload.run();
    }
  }
}
