package io.headgate.claimcheck;

/** Follows references. Nothing is allowed, so every reference is refused. */
public final class Claims {
  /**
   * The file at {@code uri}, proved to be the one meant.
   *
   * @param sha256 of the file [32]
   * @param sizeBytes length of the file
   * @throws ClaimRefusedException if it must not be fetched, or is another file
   * @throws ClaimUnavailableException if it could not be fetched now
   */
  public byte[] fetch(String uri, byte[] sha256, long sizeBytes)
      throws ClaimRefusedException, ClaimUnavailableException {
    throw new ClaimRefusedException(
        ClaimRefusedException.Reason.FORBIDDEN,
        "reference %s: not on the allow-list (expected: an allowed prefix; none is configured)"
            .formatted(uri));
  }

  /** How often a place that fails is tried. */
  public int attempts() {
    return 1;
  }
}
