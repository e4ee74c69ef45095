package io.headgate.claimcheck;

import io.headgate.claimcheck.ClaimRefusedException.Reason;
import java.net.URI;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.util.HexFormat;
import javax.net.ssl.SSLSocketFactory;

/**
 * Follows references within {@link ClaimRules}. What it returns is the file that the event meant:
 * its length and its SHA-256 are those of the event.
 *
 * <p>Any thread may fetch; a fetch takes at most the deadline of the rules.
 */
public final class Claims implements AutoCloseable {
  private final ClaimRules rules;
  private final FolderSource folders;
  private final HttpSource http;

  public Claims(ClaimRules rules) {
    this(rules, Resolver.system(), (SSLSocketFactory) SSLSocketFactory.getDefault());
  }

  Claims(ClaimRules rules, Resolver resolver, SSLSocketFactory tls) {
    this.rules = rules;
    this.folders = new FolderSource(rules.folders());
    this.http = new HttpSource(resolver, rules.addresses(), rules.deadline(), tls);
  }

  /**
   * The file at {@code uri}, proved to be the one meant.
   *
   * @param sha256 of the file [32]
   * @param sizeBytes length of the file
   * @throws ClaimRefusedException if it must not be fetched, or is another file: final
   * @throws ClaimUnavailableException if it could not be fetched now
   */
  public byte[] fetch(String uri, byte[] sha256, long sizeBytes)
      throws ClaimRefusedException, ClaimUnavailableException {
    URI parsed = ClaimUri.parse(uri);
    requireSize(parsed, sizeBytes);
    byte[] file;
    if (parsed.getScheme().equalsIgnoreCase("file")) {
      file = folders.fetch(parsed, sizeBytes);
    } else {
      if (rules.prefixes().stream().noneMatch(prefix -> prefix.covers(parsed))) {
        throw new ClaimRefusedException(
            Reason.FORBIDDEN,
            "reference %s: not on the allow-list (expected: below one of %d allowed prefixes)"
                .formatted(parsed, rules.prefixes().size()));
      }
      file = http.fetch(parsed, sizeBytes);
    }
    requireHash(parsed, file, sha256);
    return file;
  }

  private void requireSize(URI uri, long sizeBytes) throws ClaimRefusedException {
    if (sizeBytes < 0) {
      throw wrongSize(uri, 0, sizeBytes);
    }
    if (sizeBytes > rules.maxBytes()) {
      throw new ClaimRefusedException(
          Reason.TOO_LARGE,
          "reference %s: %d bytes (expected: at most %d)"
              .formatted(uri, sizeBytes, rules.maxBytes()));
    }
  }

  private static void requireHash(URI uri, byte[] file, byte[] sha256)
      throws ClaimRefusedException {
    byte[] actual;
    try {
      actual = MessageDigest.getInstance("SHA-256").digest(file);
    } catch (NoSuchAlgorithmException e) {
      throw new IllegalStateException("every Java platform has SHA-256", e);
    }
    if (!MessageDigest.isEqual(actual, sha256)) {
      throw new ClaimRefusedException(
          Reason.HASH_MISMATCH,
          "reference %s: SHA-256 %s (expected: %s, as the event says)"
              .formatted(uri, HexFormat.of().formatHex(actual), HexFormat.of().formatHex(sha256)));
    }
  }

  static ClaimRefusedException wrongSize(URI uri, long actual, long expected) {
    return new ClaimRefusedException(
        Reason.SIZE_MISMATCH,
        "reference %s: %d bytes or more (expected: %d, as the event says)"
            .formatted(uri, actual, expected));
  }

  /** How often a place that does not answer is tried. */
  public int attempts() {
    return rules.attempts();
  }

  @Override
  public void close() {
    http.close();
  }
}
