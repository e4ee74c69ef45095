package io.headgate.lab.scenes;

/** Families of backgrounds; a model is trained on one and tested on the other. */
public enum Backdrop {
  /** Plain, linear gradient, clouds, stripes. */
  TRAINING,
  /** Radial gradient, checkers, plasma: never seen in training. */
  HELD_OUT
}
