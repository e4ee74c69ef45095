package io.headgate.console;

/**
 * A mistake that the user can mend. Its message names the offending value, what was expected, the
 * place and the remedy; it is printed without a stack trace and ends a command with exit code 1.
 */
public class UserException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  public UserException(String message) {
    super(message);
  }

  public UserException(String message, Throwable cause) {
    super(message, cause);
  }
}
