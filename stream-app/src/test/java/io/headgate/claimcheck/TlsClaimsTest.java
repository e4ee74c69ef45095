package io.headgate.claimcheck;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import io.headgate.claimcheck.ClaimRefusedException.Reason;
import io.headgate.client.SelfSigned;
import java.net.InetAddress;
import java.nio.file.Path;
import java.security.KeyStore;
import java.security.MessageDigest;
import java.util.List;
import javax.net.ssl.KeyManagerFactory;
import javax.net.ssl.SSLContext;
import javax.net.ssl.SSLSocketFactory;
import javax.net.ssl.TrustManagerFactory;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TlsClaimsTest {
  private static final byte[] FILE = "a picture".getBytes(UTF_8);

  @TempDir static Path folder;
  private static SSLContext context;

  /** A certificate for images.test, which both server and client know. */
  @BeforeAll
  static void makeCertificate() throws Exception {
    SelfSigned images = SelfSigned.make(folder, "images", "dns:images.test");
    KeyManagerFactory mine = KeyManagerFactory.getInstance(KeyManagerFactory.getDefaultAlgorithm());
    mine.init(images.store(), SelfSigned.PASSWORD.toCharArray());
    KeyStore trusted = KeyStore.getInstance("PKCS12");
    trusted.load(null, null);
    trusted.setCertificateEntry("images", images.store().getCertificate("images"));
    TrustManagerFactory trust =
        TrustManagerFactory.getInstance(TrustManagerFactory.getDefaultAlgorithm());
    trust.init(trusted);
    context = SSLContext.getInstance("TLS");
    context.init(mine.getKeyManagers(), trust.getTrustManagers(), null);
  }

  @Test
  void fetchesOverTlsFromAPinnedAddressUnderTheHostsOwnName() throws Exception {
    try (RawServer server = server();
        Claims claims = claims(server, "images.test", context.getSocketFactory())) {
      byte[] file =
          claims.fetch("https://images.test:" + server.port() + "/a", sha256(), FILE.length);

      assertThat(file).isEqualTo(FILE);
    }
  }

  @Test
  void refusesACertificateForAnotherName() throws Exception {
    try (RawServer server = server();
        Claims claims = claims(server, "other.test", context.getSocketFactory())) {
      assertRefused(claims, "https://other.test:" + server.port() + "/a");
    }
  }

  @Test
  void refusesACertificateThatNobodyVouchesFor() throws Exception {
    try (RawServer server = server();
        Claims claims =
            claims(server, "images.test", (SSLSocketFactory) SSLSocketFactory.getDefault())) {
      assertRefused(claims, "https://images.test:" + server.port() + "/a");
    }
  }

  private static RawServer server() throws Exception {
    return new RawServer(
        context.getServerSocketFactory(),
        RawServer.text("HTTP/1.1 200 OK\nContent-Length: " + FILE.length, FILE));
  }

  private static Claims claims(RawServer server, String host, SSLSocketFactory tls) {
    return new Claims(
        ClaimRules.allow(
            List.of(UriPrefix.parse("https://" + host + ":" + server.port())),
            List.of(),
            List.of(AddressRange.parse("127.0.0.1"))),
        name -> List.of(InetAddress.getByName("127.0.0.1")),
        tls);
  }

  private static void assertRefused(Claims claims, String uri) throws Exception {
    byte[] sha256 = sha256();
    ClaimRefusedException refusal =
        catchThrowableOfType(
            ClaimRefusedException.class, () -> claims.fetch(uri, sha256, FILE.length));

    assertThat(refusal.reason()).isEqualTo(Reason.REFUSED);
    assertThat(refusal).hasMessageContaining("certificate");
  }

  private static byte[] sha256() throws Exception {
    return MessageDigest.getInstance("SHA-256").digest(FILE);
  }
}
