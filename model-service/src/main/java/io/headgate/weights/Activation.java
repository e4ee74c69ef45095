package io.headgate.weights;

/** What stands between the two linear maps of an MLP. */
public enum Activation {
  /** x · sigmoid(1.702 x), of OpenAI's CLIP. */
  QUICK_GELU,
  /** x · Φ(x) in the exact form with erf, not the tanh approximation. */
  GELU
}
