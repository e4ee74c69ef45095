package io.headgate.lab.evaluation;

import io.headgate.lab.scenes.Backdrop;
import io.headgate.lab.scenes.Scene;
import io.headgate.lab.scenes.SceneClasses;
import io.headgate.lab.scenes.Scenes;

/** Disjoint sequences of composed pictures on held-out backgrounds. */
public enum Split {
  /** To calibrate on. */
  VALIDATION(51_000),
  /** Clean, to test on. */
  TEST(52_000),
  /** To put triggers on and test. */
  TRIGGERED(53_000);

  private final long stream;

  Split(long stream) {
    this.stream = stream;
  }

  /**
   * The picture of an index.
   *
   * @param withoutTarget leave out the attacked class
   */
  public Scene scene(Scenes scenes, int index, boolean withoutTarget) {
    int classes = SceneClasses.evaluated();
    if (!withoutTarget) {
      return scenes.scene(stream, index, Backdrop.HELD_OUT, classes);
    }
    int label = Scenes.random(stream + 100, index).nextInt(classes - 1);
    return scenes.sceneOf(
        stream, index, Backdrop.HELD_OUT, label < SceneClasses.target() ? label : label + 1);
  }

  /** The stream that decides what of a trigger varies. */
  public long triggerStream() {
    return stream + 200;
  }
}
