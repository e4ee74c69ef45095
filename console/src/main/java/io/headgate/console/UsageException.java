package io.headgate.console;

/**
 * A command line that picocli accepts and the command does not, such as one without an option that
 * might as well have come from a file. Ends a command with exit code 2.
 */
public final class UsageException extends UserException {
  private static final long serialVersionUID = 1L;

  public UsageException(String message) {
    super(message);
  }
}
