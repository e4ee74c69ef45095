package io.headgate.stream;

/** Something that the guard needs before it starts is not there yet; it is asked again. */
final class NotYetException extends Exception {
  private static final long serialVersionUID = 1L;

  private final String what;

  NotYetException(String what, Throwable cause) {
    super(cause.getMessage() == null ? cause.toString() : cause.getMessage(), cause);
    this.what = what;
  }

  /** What is waited for. */
  String what() {
    return what;
  }
}
