package io.headgate.serving;

import io.grpc.ServerCredentials;
import io.grpc.TlsServerCredentials;
import io.grpc.util.AdvancedTlsX509KeyManager;
import io.grpc.util.AdvancedTlsX509TrustManager;
import io.grpc.util.CertificateUtils;
import io.headgate.console.UserException;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.PrivateKey;
import java.security.Signature;
import java.security.cert.X509Certificate;
import java.util.Optional;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The PEM files that TLS rests on, read again when they change. Files that cannot be used, such as
 * a new certificate whose key has not been written yet, leave the old ones in force.
 */
final class TlsFiles {
  private static final Logger log = LoggerFactory.getLogger(TlsFiles.class);

  private final TlsConfig config;
  private final AdvancedTlsX509KeyManager identity = new AdvancedTlsX509KeyManager();
  private final Optional<AdvancedTlsX509TrustManager> authorities;
  private String loaded;

  private TlsFiles(TlsConfig config) throws GeneralSecurityException {
    this.config = config;
    this.authorities =
        config.clientAuthorities().isEmpty()
            ? Optional.empty()
            : Optional.of(
                AdvancedTlsX509TrustManager.newBuilder()
                    .setVerification(
                        AdvancedTlsX509TrustManager.Verification.CERTIFICATE_ONLY_VERIFICATION)
                    .build());
  }

  /**
   * Reads the files and watches them.
   *
   * @throws UserException if they cannot be used
   */
  static TlsFiles open(TlsConfig config, ScheduledExecutorService timer) {
    readable(config.certificate());
    readable(config.key());
    config.clientAuthorities().ifPresent(TlsFiles::readable);
    try {
      TlsFiles files = new TlsFiles(config);
      files.load();
      long every = config.reloadEvery().toMillis();
      timer.scheduleWithFixedDelay(files::reload, every, every, TimeUnit.MILLISECONDS);
      return files;
    } catch (IOException | GeneralSecurityException | IllegalArgumentException e) {
      throw new UserException(
          "TLS from %s and %s: %s (expected: a PEM certificate chain and its unencrypted PKCS #8 key)"
              .formatted(config.certificate(), config.key(), e.getMessage()),
          e);
    }
  }

  private static void readable(Path file) {
    if (!Files.isReadable(file)) {
      throw new UserException(
          "%s: no such file, or not readable (expected: a PEM file for TLS)".formatted(file));
    }
  }

  ServerCredentials credentials() {
    TlsServerCredentials.Builder builder = TlsServerCredentials.newBuilder().keyManager(identity);
    authorities.ifPresent(
        trust -> builder.trustManager(trust).clientAuth(TlsServerCredentials.ClientAuth.REQUIRE));
    return builder.build();
  }

  private void reload() {
    try {
      if (!signature().equals(loaded)) {
        load();
        log.info("TLS files read again: {}", config.certificate());
      }
    } catch (IOException | GeneralSecurityException | RuntimeException e) {
      log.warn(
          "TLS files changed but cannot be used yet ({}); the old ones stay in force",
          e.getMessage());
    }
  }

  private void load() throws IOException, GeneralSecurityException {
    String now = signature();
    X509Certificate[] chain = certificates(config.certificate());
    PrivateKey key;
    try (InputStream in = Files.newInputStream(config.key())) {
      key = CertificateUtils.getPrivateKey(in);
    }
    requirePair(chain[0], key);
    if (authorities.isPresent()) {
      authorities.get().updateTrustCredentials(certificates(config.clientAuthorities().get()));
    }
    identity.updateIdentityCredentials(chain, key);
    loaded = now;
  }

  private String signature() {
    return FileSignature.of(config.certificate())
        + FileSignature.of(config.key())
        + config.clientAuthorities().map(FileSignature::of).orElse("");
  }

  private static X509Certificate[] certificates(Path file)
      throws IOException, GeneralSecurityException {
    try (InputStream in = Files.newInputStream(file)) {
      X509Certificate[] chain = CertificateUtils.getX509Certificates(in);
      if (chain.length == 0) {
        throw new GeneralSecurityException("%s holds no certificate".formatted(file));
      }
      return chain;
    }
  }

  /** A signature by the key must verify under the certificate. */
  private static void requirePair(X509Certificate certificate, PrivateKey key)
      throws GeneralSecurityException {
    String algorithm =
        switch (key.getAlgorithm()) {
          case "RSA" -> "SHA256withRSA";
          case "EC" -> "SHA256withECDSA";
          default -> key.getAlgorithm();
        };
    byte[] message = {1, 2, 3};
    Signature signer = Signature.getInstance(algorithm);
    signer.initSign(key);
    signer.update(message);
    byte[] signed = signer.sign();
    Signature verifier = Signature.getInstance(algorithm);
    verifier.initVerify(certificate.getPublicKey());
    verifier.update(message);
    if (!verifier.verify(signed)) {
      throw new GeneralSecurityException("the key does not belong to the certificate");
    }
  }
}
