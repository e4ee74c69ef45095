package io.headgate.client;

import io.grpc.ManagedChannel;
import io.grpc.netty.shaded.io.grpc.netty.GrpcSslContexts;
import io.grpc.netty.shaded.io.grpc.netty.NettyChannelBuilder;
import java.util.concurrent.TimeUnit;
import javax.net.ssl.SSLException;

/** How the model service is reached: balanced over its addresses, kept alive, over TLS if asked. */
final class ServiceChannel {
  private static final int MAX_RESPONSE_BYTES = 64 << 20;

  private ServiceChannel() {}

  /**
   * Connects to nothing yet.
   *
   * @throws IllegalArgumentException if the trusted certificates cannot be read
   */
  static ManagedChannel open(ClientConfig config) {
    NettyChannelBuilder builder =
        NettyChannelBuilder.forTarget(config.address())
            .defaultLoadBalancingPolicy("round_robin")
            .maxInboundMessageSize(MAX_RESPONSE_BYTES)
            .keepAliveTime(30, TimeUnit.SECONDS)
            .keepAliveTimeout(10, TimeUnit.SECONDS);
    if (!config.tls()) {
      return builder.usePlaintext().build();
    }
    if (config.trust().isPresent()) {
      try {
        builder.sslContext(
            GrpcSslContexts.forClient().trustManager(config.trust().get().toFile()).build());
      } catch (SSLException | IllegalArgumentException e) {
        throw new IllegalArgumentException(
            "trusted certificates: %s: %s (expected: a PEM file of certificates)"
                .formatted(config.trust().get(), e.getMessage()),
            e);
      }
    }
    return builder.useTransportSecurity().build();
  }
}
