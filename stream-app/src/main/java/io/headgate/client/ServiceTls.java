package io.headgate.client;

import java.nio.file.Path;
import java.util.Optional;

/**
 * TLS towards the model service, from PEM files that are read again when they change.
 *
 * @param authorities who may sign the service's certificate; empty: whom the JVM trusts
 * @param certificate this client's chain, its own certificate first, for a service that asks
 * @param key its private key, PKCS #8, not encrypted
 */
public record ServiceTls(
    Optional<Path> authorities, Optional<Path> certificate, Optional<Path> key) {
  /**
   * @throws IllegalArgumentException if there is a certificate without its key, or the reverse
   */
  public ServiceTls {
    if (certificate.isPresent() != key.isPresent()) {
      throw new IllegalArgumentException(
          "client certificate: %s, key: %s (expected: both or neither)"
              .formatted(name(certificate), name(key)));
    }
  }

  private static String name(Optional<Path> file) {
    return file.map(Path::toString).orElse("none");
  }
}
