package io.headgate.claimcheck;

import java.nio.file.Path;
import java.time.Duration;
import java.util.List;

/**
 * What references may point at, and how long following one may take. Nothing is allowed that is not
 * listed.
 *
 * @param prefixes allowed http and https places
 * @param folders absolute folders that {@code file:} references may lead into
 * @param addresses ranges that may be reached although they are private, loopback, link-local or
 *     otherwise special
 * @param maxBytes longest file
 * @param deadline for one attempt, from resolving the name to the last byte
 * @param attempts at a place that does not answer
 */
public record ClaimRules(
    List<UriPrefix> prefixes,
    List<Path> folders,
    List<AddressRange> addresses,
    long maxBytes,
    Duration deadline,
    int attempts) {
  public ClaimRules {
    prefixes = List.copyOf(prefixes);
    folders = List.copyOf(folders);
    addresses = List.copyOf(addresses);
    for (Path folder : folders) {
      require(folder.isAbsolute(), "claim folder", folder, "an absolute path");
    }
    require(maxBytes > 0 && maxBytes <= 1 << 30, "claim bytes", maxBytes, "1 to 1 GiB");
    require(deadline.toMillis() > 0, "claim deadline", deadline, "positive");
    require(attempts >= 1 && attempts <= 100, "claim attempts", attempts, "1 to 100");
  }

  private static void require(boolean ok, String name, Object value, String expected) {
    if (!ok) {
      throw new IllegalArgumentException("%s: %s (expected: %s)".formatted(name, value, expected));
    }
  }

  /** Refuses every reference. */
  public static ClaimRules none() {
    return allow(List.of(), List.of(), List.of());
  }

  /** These places, with the default limits: 32 MiB, 4 s, 3 attempts. */
  public static ClaimRules allow(
      List<UriPrefix> prefixes, List<Path> folders, List<AddressRange> addresses) {
    return new ClaimRules(prefixes, folders, addresses, 32 << 20, Duration.ofSeconds(4), 3);
  }

  /** Whether no reference can be followed. */
  public boolean isEmpty() {
    return prefixes.isEmpty() && folders.isEmpty();
  }
}
