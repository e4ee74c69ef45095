package io.headgate.stream;

/**
 * Headers that the guard adds. Every other header of a submitted event, such as CloudEvents' {@code
 * ce_*} and W3C's {@code traceparent}, passes through byte for byte.
 */
public final class HeaderNames {
  /** {@code clean}, {@code repaired}, {@code quarantined} or {@code dead-letter}. */
  public static final String ROUTE = "headgate_route";

  /** Id of the calibration judged with; empty when not judged. */
  public static final String CALIBRATION = "headgate_calibration";

  /** Fingerprint of the model judged with; empty when not judged. */
  public static final String MODEL = "headgate_model";

  /** The outage policy that routed the image unjudged; absent on judged images. */
  public static final String UNVERIFIED = "headgate_unverified";

  /** Offset, in the same partition, of an earlier event with the same id; absent otherwise. */
  public static final String DUPLICATE_OF = "headgate_duplicate_of";

  /** Of a dead letter: a {@link DeadLetterCode}. */
  public static final String ERROR_CODE = "headgate_error_code";

  /** Of a dead letter too large for its topic: what was left out, {@code value} or {@code all}. */
  public static final String TRUNCATED = "headgate_truncated";

  /** KIP-1034: class of the exception. */
  public static final String EXCEPTION = "__streams.errors.exception";

  /** KIP-1034: its message. */
  public static final String MESSAGE = "__streams.errors.message";

  /** KIP-1034: its stack trace. */
  public static final String STACKTRACE = "__streams.errors.stacktrace";

  /** KIP-1034: source topic. */
  public static final String TOPIC = "__streams.errors.topic";

  /** KIP-1034: source partition. */
  public static final String PARTITION = "__streams.errors.partition";

  /** KIP-1034: source offset. */
  public static final String OFFSET = "__streams.errors.offset";

  private HeaderNames() {}
}
