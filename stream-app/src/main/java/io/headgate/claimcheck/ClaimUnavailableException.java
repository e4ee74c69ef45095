package io.headgate.claimcheck;

/** The place could not be reached, or failed; it may answer later. */
public final class ClaimUnavailableException extends Exception {
  private static final long serialVersionUID = 1L;

  ClaimUnavailableException(String message, Throwable cause) {
    super(message, cause);
  }
}
