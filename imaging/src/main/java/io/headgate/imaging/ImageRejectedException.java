package io.headgate.imaging;

/**
 * An image that is refused. The message names the offending value, what was expected and the
 * remedy; {@link #code()} is for programs. Refusing is a property of the bytes and the limits
 * (except {@link RejectionCode#TIMEOUT}): the same bytes are refused again.
 */
public final class ImageRejectedException extends Exception {
  private static final long serialVersionUID = 1L;

  private final RejectionCode code;

  ImageRejectedException(RejectionCode code, String message) {
    super(message);
    this.code = code;
  }

  ImageRejectedException(RejectionCode code, String message, Throwable cause) {
    super(message, cause);
    this.code = code;
  }

  /** Why, as one of a closed list. */
  public RejectionCode code() {
    return code;
  }
}
