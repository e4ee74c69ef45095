package io.headgate.claimcheck;

/** A reference that is not followed, or that leads to something else than the event says. */
public final class ClaimRefusedException extends Exception {
  private static final long serialVersionUID = 1L;

  /** Why; a closed list. */
  public enum Reason {
    /** No address that can be followed. */
    BAD_URI,
    /** Outside the allow-list, or at a refused address. */
    FORBIDDEN,
    /** 401, 403, or a file that may not be read. */
    DENIED,
    /** 404, 410, or no such file. */
    NOT_FOUND,
    /** 3xx. */
    REDIRECT,
    /** More bytes than allowed. */
    TOO_LARGE,
    /** Not the length that the event says. */
    SIZE_MISMATCH,
    /** Not the SHA-256 that the event says. */
    HASH_MISMATCH,
    /** Any other answer that trying again will not change. */
    REFUSED
  }

  private final Reason reason;

  ClaimRefusedException(Reason reason, String message) {
    super(message);
    this.reason = reason;
  }

  public Reason reason() {
    return reason;
  }
}
