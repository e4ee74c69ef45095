package io.headgate.serving;

/** Told what the batcher does; must be quick and never throw. All times in nanoseconds. */
interface BatchListener {
  BatchListener NONE = new BatchListener() {};

  /** Why a call was turned away or dropped. */
  enum Rejection {
    QUEUE_FULL,
    PUSHED_OUT,
    DEADLINE,
    CANCELLED,
    SHUTTING_DOWN
  }

  default void batchEnded(int size, long inferenceNanos) {}

  default void itemWaited(long queueNanos) {}

  default void rejected(Rejection why) {}

  /** The forward failed on a batch of this size; it will be split if it can be. */
  default void batchFailed(int size, Throwable why) {}

  default void itemJudged(BatchEngine engine, Judged judged) {}

  default void itemFailed(ItemOutcome.Code code) {}
}
