package io.headgate.serving;

import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;

/**
 * TLS from PEM files, read again when they change.
 *
 * @param certificate chain of the server, its own certificate first
 * @param key its private key, PKCS #8, not encrypted
 * @param clientAuthorities who may sign clients' certificates; empty: clients need none
 * @param allowedClients names (DNS or URI subject alternative name, or common name) that may call;
 *     empty: every client with an accepted certificate
 * @param reloadEvery how often the files are looked at
 */
public record TlsConfig(
    Path certificate,
    Path key,
    Optional<Path> clientAuthorities,
    Set<String> allowedClients,
    Duration reloadEvery) {
  /**
   * @throws IllegalArgumentException if names are allowed but no authority could vouch for them, or
   *     the files would be looked at all the time
   */
  public TlsConfig {
    allowedClients = Set.copyOf(allowedClients);
    if (!allowedClients.isEmpty() && clientAuthorities.isEmpty()) {
      throw new IllegalArgumentException(
          "allowed clients: %s without client authorities (expected: a PEM file of the authority that signs them)"
              .formatted(allowedClients));
    }
    if (reloadEvery.toMillis() < 1) {
      throw new IllegalArgumentException(
          "TLS reload interval: %s (expected: at least 1 ms)".formatted(reloadEvery));
    }
  }
}
