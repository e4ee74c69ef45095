package io.headgate.calibration;

import io.headgate.console.UserException;

/** A calibration cannot be made, read or trusted; the message says why and what to do. */
public final class CalibrationException extends UserException {
  private static final long serialVersionUID = 1L;

  /** Stable codes for logs and metrics. */
  public enum Code {
    /** Not a calibration, half written, or of an unknown format. */
    UNREADABLE,
    /** The content does not match its id. */
    ALTERED,
    /** No signature where one is required, or a wrong one. */
    UNTRUSTED,
    /** Past its expiry. */
    EXPIRED,
    /** Made for another model. */
    OTHER_MODEL,
    /** Made for other classes. */
    OTHER_CLASSES,
    /** Too few images for the rate asked for. */
    TOO_FEW_IMAGES,
    /** The images are no sample of anything: identical, or not finite. */
    DEGENERATE,
    /** A setting out of range. */
    BAD_SETTING
  }

  private final Code code;

  public CalibrationException(Code code, String message) {
    super(message);
    this.code = code;
  }

  public CalibrationException(Code code, String message, Throwable cause) {
    super(message, cause);
    this.code = code;
  }

  public Code code() {
    return code;
  }
}
