package io.headgate.samples;

/** What an event really is; never told to the pipeline. */
public enum Truth {
  /** An image without a trigger. */
  CLEAN,
  /** An image that carries the trigger of the attack. */
  TRIGGERED,
  /** A file that is no image, or a record that is no event. */
  CORRUPT
}
