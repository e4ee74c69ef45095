package io.headgate.serving;

import io.grpc.InsecureServerCredentials;
import io.grpc.Server;
import io.grpc.ServerCredentials;
import io.grpc.ServerInterceptor;
import io.grpc.ServerStreamTracer;
import io.grpc.netty.shaded.io.grpc.netty.NettyServerBuilder;
import io.grpc.protobuf.services.HealthStatusManager;
import io.grpc.protobuf.services.ProtoReflectionServiceV1;
import io.headgate.console.UserException;
import java.io.IOException;
import java.net.InetSocketAddress;
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
      List<ServerInterceptor> interceptors,
      HealthStatusManager health,
      ServerStreamTracer.Factory tracers,
      Executor executor,
      ScheduledExecutorService timer) {
    LimitsConfig limits = config.limits();
    ServerCredentials credentials =
        config
            .tls()
            .map(tls -> TlsFiles.open(tls, timer).credentials())
            .orElseGet(InsecureServerCredentials::create);
    NettyServerBuilder builder =
        NettyServerBuilder.forAddress(
                new InetSocketAddress(config.host(), config.port()), credentials)
            .executor(executor)
            .maxInboundMessageSize(limits.maxRequestBytes())
            .maxConcurrentCallsPerConnection(limits.maxCallsPerConnection())
            .keepAliveTime(limits.keepAliveTime().toMillis(), TimeUnit.MILLISECONDS)
            .keepAliveTimeout(limits.keepAliveTimeout().toMillis(), TimeUnit.MILLISECONDS)
            .permitKeepAliveTime(limits.permittedKeepAlive().toMillis(), TimeUnit.MILLISECONDS)
            .permitKeepAliveWithoutCalls(true)
            .addStreamTracerFactory(tracers);
    limits
        .maxConnectionAge()
        .ifPresent(age -> builder.maxConnectionAge(age.toMillis(), TimeUnit.MILLISECONDS));
    for (ServerInterceptor interceptor : interceptors) {
      builder.intercept(interceptor); // The last one added sees a call first.
    }
    builder
        .addService(service)
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

  private static String rootMessage(Throwable t) {
    Throwable root = t;
    while (root.getCause() != null) {
      root = root.getCause();
    }
    return root.getMessage() == null ? root.toString() : root.getMessage();
  }
}
