package io.headgate.serving;

/** A call's deadline passed before its images reached the device. */
final class DeadlinePassedException extends Exception {
  private static final long serialVersionUID = 1L;

  DeadlinePassedException(String message) {
    super(message, null, false, false);
  }
}
