package io.headgate.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.grpc.TlsServerCredentials;
import io.grpc.TlsServerCredentials.ClientAuth;
import io.headgate.console.UserException;
import io.micrometer.core.instrument.simple.SimpleMeterRegistry;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A service that speaks TLS alone, and asks its clients for a certificate. */
class ServiceTlsTest {
  @TempDir private static Path certificates;
  private static SelfSigned ofService;
  private static SelfSigned ofGuard;
  private static SelfSigned ofStranger;

  @TempDir private Path folder;
  private FakeInspector service;

  @BeforeAll
  static void makeCertificates() throws Exception {
    ofService = SelfSigned.make(certificates, "service", "dns:localhost");
    ofGuard = SelfSigned.make(certificates, "guard", "dns:guard");
    ofStranger = SelfSigned.make(certificates, "stranger", "dns:localhost");
  }

  @BeforeEach
  void start() throws Exception {
    service =
        new FakeInspector(
            TlsServerCredentials.newBuilder()
                .keyManager(ofService.certificate().toFile(), ofService.key().toFile())
                .trustManager(ofGuard.certificate().toFile())
                .clientAuth(ClientAuth.REQUIRE)
                .build());
  }

  @AfterEach
  void stop() {
    service.close();
  }

  @Test
  void theServiceAnswersAClientWhoseCertificateItTrusts() {
    try (InspectorClient client = client(tls(ofService, ofGuard))) {
      assertThat(client.describe().modelFingerprint()).isEqualTo(FakeInspector.MODEL);
    }
  }

  @Test
  void aClientWithoutCertificateWithAnotherOrInPlainTextIsTurnedAway() {
    for (Optional<ServiceTls> tls :
        List.<Optional<ServiceTls>>of(
            Optional.of(new ServiceTls(path(ofService), Optional.empty(), Optional.empty())),
            tls(ofService, ofStranger),
            Optional.empty())) {
      try (InspectorClient client = client(tls)) {
        assertThatThrownBy(client::describe)
            .as(tls.toString())
            .isInstanceOf(ServiceUnavailableException.class);
      }
    }
  }

  @Test
  void aServiceThatNobodyTrustedVouchesForIsNotTalkedTo() {
    try (InspectorClient client = client(tls(ofStranger, ofGuard))) {
      assertThatThrownBy(client::describe).isInstanceOf(ServiceUnavailableException.class);
    }
  }

  @Test
  void filesThatCannotBeUsedAreNamed() throws Exception {
    Path missing = folder.resolve("missing.pem");
    Path empty = Files.writeString(folder.resolve("empty.pem"), "nothing\n");
    for (Path bad : new Path[] {missing, empty}) {
      assertThatThrownBy(
              () ->
                  client(
                      Optional.of(
                          new ServiceTls(Optional.of(bad), Optional.empty(), Optional.empty()))))
          .isInstanceOf(UserException.class)
          .hasMessageContaining(bad.toString());
      assertThatThrownBy(
              () ->
                  client(
                      Optional.of(
                          new ServiceTls(path(ofService), path(ofGuard), Optional.of(bad)))))
          .isInstanceOf(UserException.class)
          .hasMessageContaining(bad.toString());
    }
  }

  @Test
  void aCertificateNeedsItsKey() {
    assertThatThrownBy(() -> new ServiceTls(Optional.empty(), path(ofGuard), Optional.empty()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("key: none");
  }

  private InspectorClient client(Optional<ServiceTls> tls) {
    ClientConfig plain = ClientConfig.of("localhost:" + service.port());
    return new InspectorClient(
        new ClientConfig(
            plain.address(),
            plain.batch(),
            plain.linger(),
            plain.fillLinger(),
            plain.inFlight(),
            Duration.ofSeconds(10),
            plain.backoff(),
            plain.topLabels(),
            "",
            "",
            tls),
        new SimpleMeterRegistry());
  }

  private static Optional<ServiceTls> tls(SelfSigned trusted, SelfSigned own) {
    return Optional.of(new ServiceTls(path(trusted), path(own), Optional.of(own.key())));
  }

  private static Optional<Path> path(SelfSigned certificate) {
    return Optional.of(certificate.certificate());
  }
}
