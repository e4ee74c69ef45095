package io.headgate.serving;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.grpc.InsecureChannelCredentials;
import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.TlsChannelCredentials;
import io.headgate.console.UserException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TlsTest {
  @TempDir private static Path folder;
  @TempDir private Path mounted;
  private static Certificates certificates;
  private static Certificates others;
  private ModelServer server;

  @BeforeAll
  static void issue() throws Exception {
    certificates = new Certificates(Files.createDirectory(folder.resolve("ours")), "authority");
    certificates.issue("server", "san=dns:localhost");
    certificates.issue("renewed", "san=dns:localhost");
    certificates.issue("stream", "san=dns:stream.headgate");
    certificates.issue("stranger", "san=uri:spiffe://elsewhere/app");
    others = new Certificates(Files.createDirectory(folder.resolve("theirs")), "other-authority");
    others.issue("stream", "san=dns:stream.headgate");
  }

  @AfterEach
  void close() {
    if (server != null) {
      server.close();
    }
  }

  @Test
  void answersOverTls() throws Exception {
    start(Optional.empty(), Set.of());

    try (TestClient client = new TestClient(server.port(), trusting().build())) {
      assertThat(TestClient.echoes(client.inspect(1))).containsExactly("1");
    }
  }

  @Test
  void doesNotTalkPlainText() {
    start(Optional.empty(), Set.of());

    try (TestClient client = new TestClient(server.port(), InsecureChannelCredentials.create())) {
      assertStatus(() -> client.inspect(1), Status.Code.UNAVAILABLE);
    }
  }

  @Test
  void refusesAClientWithoutACertificate() throws Exception {
    start(Optional.of(certificates.certificate("authority")), Set.of());

    try (TestClient client = new TestClient(server.port(), trusting().build())) {
      assertStatus(() -> client.inspect(1), Status.Code.UNAVAILABLE);
    }
  }

  @Test
  void refusesACertificateOfAnotherAuthority() throws Exception {
    start(Optional.of(certificates.certificate("authority")), Set.of());

    try (TestClient client = client(others, "stream")) {
      assertStatus(() -> client.inspect(1), Status.Code.UNAVAILABLE);
    }
  }

  @Test
  void letsOnlyAllowedNamesCall() throws Exception {
    start(Optional.of(certificates.certificate("authority")), Set.of("stream.headgate"));

    try (TestClient allowed = client(certificates, "stream");
        TestClient stranger = client(certificates, "stranger")) {
      assertThat(TestClient.echoes(allowed.inspect(1))).containsExactly("1");
      assertThatThrownBy(() -> stranger.inspect(1))
          .isInstanceOfSatisfying(
              StatusRuntimeException.class,
              e -> {
                assertThat(e.getStatus().getCode()).isEqualTo(Status.Code.PERMISSION_DENIED);
                assertThat(e.getStatus().getDescription())
                    .contains("spiffe://elsewhere/app", "stranger");
              });
    }
  }

  @Test
  void takesARenewedCertificateWithoutARestart() throws Exception {
    Path certificate = mounted.resolve("tls.pem");
    Path key = mounted.resolve("tls.key");
    Files.write(certificate, Files.readAllBytes(certificates.certificate("server")));
    Files.write(key, Files.readAllBytes(certificates.key("server")));
    start(new TlsConfig(certificate, key, Optional.empty(), Set.of(), Duration.ofMillis(50)));
    String before = serial();

    Files.write(certificate, Files.readAllBytes(certificates.certificate("renewed")));
    String halfWay = serial();
    Files.write(key, Files.readAllBytes(certificates.key("renewed")));

    long end = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
    while (serial().equals(before) && System.nanoTime() < end) {
      LockSupport.parkNanos(TimeUnit.MILLISECONDS.toNanos(50));
    }
    assertThat(halfWay).isEqualTo(before);
    assertThat(serial()).isNotEqualTo(before);
    try (TestClient client = new TestClient(server.port(), trusting().build())) {
      assertThat(TestClient.echoes(client.inspect(1))).containsExactly("1");
    }
  }

  @Test
  void saysWhichFileIsMissingOrMalformed() throws Exception {
    Path missing = mounted.resolve("no.pem");
    Path garbage = Files.writeString(mounted.resolve("garbage.pem"), "hello");
    Path key = certificates.key("server");

    assertThatThrownBy(
            () ->
                start(
                    new TlsConfig(missing, key, Optional.empty(), Set.of(), Duration.ofMinutes(1))))
        .isInstanceOf(UserException.class)
        .hasMessageContaining("no.pem: no such file");
    assertThatThrownBy(
            () ->
                start(
                    new TlsConfig(garbage, key, Optional.empty(), Set.of(), Duration.ofMinutes(1))))
        .isInstanceOf(UserException.class)
        .hasMessageContaining("garbage.pem")
        .hasMessageContaining("PKCS #8");
  }

  @Test
  void allowedNamesNeedAnAuthority() {
    assertThatThrownBy(
            () ->
                new TlsConfig(
                    Path.of("a"),
                    Path.of("b"),
                    Optional.empty(),
                    Set.of("x"),
                    Duration.ofMinutes(1)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("without client authorities");
  }

  /** Of the certificate that a new connection is shown. */
  private String serial() throws Exception {
    javax.net.ssl.SSLContext context = javax.net.ssl.SSLContext.getInstance("TLS");
    context.init(
        null,
        new javax.net.ssl.TrustManager[] {
          new javax.net.ssl.X509TrustManager() {
            @Override
            public void checkClientTrusted(
                java.security.cert.X509Certificate[] chain, String type) {}

            @Override
            public void checkServerTrusted(
                java.security.cert.X509Certificate[] chain, String type) {}

            @Override
            public java.security.cert.X509Certificate[] getAcceptedIssuers() {
              return new java.security.cert.X509Certificate[0];
            }
          }
        },
        null);
    try (javax.net.ssl.SSLSocket socket =
        (javax.net.ssl.SSLSocket)
            context.getSocketFactory().createSocket("127.0.0.1", server.port())) {
      socket.startHandshake();
      return ((java.security.cert.X509Certificate) socket.getSession().getPeerCertificates()[0])
          .getSerialNumber()
          .toString();
    }
  }

  private void start(Optional<Path> authorities, Set<String> allowed) {
    start(
        new TlsConfig(
            certificates.certificate("server"),
            certificates.key("server"),
            authorities,
            allowed,
            Duration.ofMinutes(1)));
  }

  private void start(TlsConfig tls) {
    server = ModelServer.start(ServerConfig.inProcess().withTls(tls), FakeEngine.create());
  }

  private static TlsChannelCredentials.Builder trusting() throws Exception {
    return TlsChannelCredentials.newBuilder()
        .trustManager(certificates.certificate("authority").toFile());
  }

  private TestClient client(Certificates from, String name) throws Exception {
    return new TestClient(
        server.port(),
        trusting().keyManager(from.certificate(name).toFile(), from.key(name).toFile()).build());
  }

  private static void assertStatus(ThrowingCallable call, Status.Code code) {
    assertThatThrownBy(call)
        .isInstanceOfSatisfying(
            StatusRuntimeException.class, e -> assertThat(e.getStatus().getCode()).isEqualTo(code));
  }
}
