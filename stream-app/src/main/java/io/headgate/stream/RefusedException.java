package io.headgate.stream;

/** Ends the judging of one record: it becomes a dead letter. */
final class RefusedException extends Exception {
  private static final long serialVersionUID = 1L;

  private final DeadLetterCode code;

  RefusedException(DeadLetterCode code, String message) {
    super(message);
    this.code = code;
  }

  RefusedException(DeadLetterCode code, Throwable cause) {
    super(cause.getMessage(), cause);
    this.code = code;
  }

  Outcome.Refused outcome() {
    return new Outcome.Refused(code, getCause() == null ? this : getCause());
  }
}
