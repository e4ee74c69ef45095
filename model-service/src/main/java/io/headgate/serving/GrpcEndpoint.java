package io.headgate.serving;

import io.grpc.InsecureServerCredentials;
import io.grpc.Server;
import io.grpc.ServerCredentials;
import io.grpc.ServerServiceDefinition;
import io.grpc.TlsServerCredentials;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.grpc.protobuf.services.HealthStatusManager;
import io.grpc.protobuf.services.ProtoReflectionServiceV1;
import io.grpc.util.AdvancedTlsX509KeyManager;
import io.grpc.util.AdvancedTlsX509TrustManager;
import io.headgate.console.UserException;
import java.io.IOException;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.util.List;
import java.util.concurrent.Executor;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;

/** The gRPC port: transport, limits, TLS, interceptors, health and reflection. */
final class GrpcEndpoint {
  private GrpcEndpoint() {}

  /**
   * Binds and listens.
   *
   * @throws UserException if the port is taken or a PEM file cannot be used
   */
  static Server start(
      ServerConfig config,
      InspectorService service,
      List<io.grpc.ServerInterceptor> interceptors,
      HealthStatusManager health,
      ServingMetrics metrics,
      Executor executor,
      ScheduledExecutorService timer) {
    LimitsConfig limits = config.limits();
    NettyServerBuilder builder =
        NettyServerBuilder.forAddress(
                new InetSocketAddress(config.host(), config.port()), credentials(config, timer))
            .executor(executor)
            .maxInboundMessageSize(limits.maxRequestBytes())
            .maxConcurrentCallsPerConnection(limits.maxCallsPerConnection())
            .keepAliveTime(limits.keepAliveTime().toMillis(), TimeUnit.MILLISECONDS)
            .keepAliveTimeout(limits.keepAliveTimeout().toMillis(), TimeUnit.MILLISECONDS)
            .permitKeepAliveTime(limits.permittedKeepAlive().toMillis(), TimeUnit.MILLISECONDS)
            .permitKeepAliveWithoutCalls(true)
            .addStreamTracerFactory(RequestTracer.factory(metrics));
    limits
        .maxConnectionAge()
        .ifPresent(age -> builder.maxConnectionAge(age.toMillis(), TimeUnit.MILLISECONDS));
    for (io.grpc.ServerInterceptor interceptor : interceptors) {
      builder.intercept(interceptor); // The last one added sees a call first.
    }
    ServerServiceDefinition inspector = service.bindService();
    builder
        .addService(inspector)
        .addService(health.getHealthService())
        .addService(ProtoReflectionServiceV1.newInstance());
    try {
      return builder.build().start();
    } catch (IOException e) {
      throw new UserException(
          "cannot listen for gRPC on %s port %d (%s): choose another --port, or stop what listens there"
              .formatted(config.host(), config.port(), rootMessage(e)),
          e);
    }
  }

  private static ServerCredentials credentials(
      ServerConfig config, ScheduledExecutorService timer) {
    if (config.tls().isEmpty()) {
      return InsecureServerCredentials.create();
    }
    TlsConfig tls = config.tls().get();
    long millis = tls.reloadEvery().toMillis();
    readable(tls.certificate());
    readable(tls.key());
    tls.clientAuthorities().ifPresent(GrpcEndpoint::readable);
    try {
      AdvancedTlsX509KeyManager identity = new AdvancedTlsX509KeyManager();
      identity.updateIdentityCredentials(
          tls.certificate().toFile(), tls.key().toFile(), millis, TimeUnit.MILLISECONDS, timer);
      TlsServerCredentials.Builder credentials =
          TlsServerCredentials.newBuilder().keyManager(identity);
      if (tls.clientAuthorities().isPresent()) {
        AdvancedTlsX509TrustManager trust =
            AdvancedTlsX509TrustManager.newBuilder()
                .setVerification(
                    AdvancedTlsX509TrustManager.Verification.CERTIFICATE_ONLY_VERIFICATION)
                .build();
        trust.updateTrustCredentials(
            tls.clientAuthorities().get().toFile(), millis, TimeUnit.MILLISECONDS, timer);
        credentials.trustManager(trust).clientAuth(TlsServerCredentials.ClientAuth.REQUIRE);
      }
      return credentials.build();
    } catch (IOException | GeneralSecurityException | IllegalArgumentException e) {
      throw new UserException(
          "TLS from %s and %s: %s (expected: a PEM certificate chain and its unencrypted PKCS #8 key)"
              .formatted(tls.certificate(), tls.key(), rootMessage(e)),
          e);
    }
  }

  private static void readable(Path file) {
    if (!Files.isReadable(file)) {
      throw new UserException(
          "%s: no such file, or not readable (expected: a PEM file for TLS)".formatted(file));
    }
  }

  private static String rootMessage(Throwable t) {
    Throwable root = t;
    while (root.getCause() != null) {
      root = root.getCause();
    }
    return root.getMessage() == null ? root.toString() : root.getMessage();
  }
}
