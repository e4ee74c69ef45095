package io.headgate.serving;

/** What became of one image of a call. */
sealed interface ItemOutcome {
  /** It was judged. */
  record Done(Judged judged) implements ItemOutcome {}

  /** It failed alone; the other images of its call are not affected. */
  record Failed(Code code, String message) implements ItemOutcome {}

  /** Stable codes of {@code ItemError.code}. */
  enum Code {
    /** Width, height or number of bytes are not the model's. */
    WRONG_SHAPE,
    /** The forward pass failed on this image alone. */
    INFERENCE_FAILED
  }
}
