package io.headgate.client;

import io.grpc.ChannelCredentials;
import io.grpc.InsecureChannelCredentials;
import io.grpc.ManagedChannel;
import io.grpc.TlsChannelCredentials;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import io.grpc.util.AdvancedTlsX509KeyManager;
import io.grpc.util.AdvancedTlsX509TrustManager;
import io.headgate.console.UserException;
import java.io.IOException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/** How the model service is reached: balanced over its addresses, kept alive, over TLS if asked. */
final class ServiceChannel {
  private static final int MAX_RESPONSE_BYTES = 64 << 20;

  /** How often the PEM files are looked at. */
  private static final int RELOAD_SECONDS = 60;

  private ServiceChannel() {}

  /**
   * Connects to nothing yet.
   *
   * @param timer reads changed PEM files again; connections made from then on use them
   * @throws UserException if a PEM file cannot be used
   */
  static ManagedChannel open(ClientConfig config, ScheduledExecutorService timer) {
    ChannelCredentials credentials =
        config
            .tls()
            .map(tls -> credentials(tls, timer))
            .orElseGet(InsecureChannelCredentials::create);
    return NettyChannelBuilder.forTarget(config.address(), credentials)
        .defaultLoadBalancingPolicy("round_robin")
        .maxInboundMessageSize(MAX_RESPONSE_BYTES)
        .keepAliveTime(30, TimeUnit.SECONDS)
        .keepAliveTimeout(10, TimeUnit.SECONDS)
        .build();
  }

  private static ChannelCredentials credentials(ServiceTls tls, ScheduledExecutorService timer) {
    TlsChannelCredentials.Builder builder = TlsChannelCredentials.newBuilder();
    tls.authorities().ifPresent(file -> builder.trustManager(trust(file, timer)));
    tls.certificate()
        .ifPresent(file -> builder.keyManager(identity(file, tls.key().orElseThrow(), timer)));
    return builder.build();
  }

  private static AdvancedTlsX509TrustManager trust(Path file, ScheduledExecutorService timer) {
    try {
      AdvancedTlsX509TrustManager trust = AdvancedTlsX509TrustManager.newBuilder().build();
      trust.updateTrustCredentials(file.toFile(), RELOAD_SECONDS, TimeUnit.SECONDS, timer);
      return trust;
    } catch (IOException | GeneralSecurityException | IllegalArgumentException e) {
      throw new UserException(
          "%s: %s (expected: a PEM file of the certificates that may sign the service's)"
              .formatted(file, e.getMessage()),
          e);
    }
  }

  private static AdvancedTlsX509KeyManager identity(
      Path certificate, Path key, ScheduledExecutorService timer) {
    try {
      AdvancedTlsX509KeyManager identity = new AdvancedTlsX509KeyManager();
      identity.updateIdentityCredentials(
          certificate.toFile(), key.toFile(), RELOAD_SECONDS, TimeUnit.SECONDS, timer);
      return identity;
    } catch (IOException | GeneralSecurityException | IllegalArgumentException e) {
      throw new UserException(
          "%s and %s: %s (expected: this client's PEM certificate chain and its unencrypted PKCS #8 key)"
              .formatted(certificate, key, e.getMessage()),
          e);
    }
  }
}
