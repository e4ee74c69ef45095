package io.headgate.serving;

import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status;
import java.util.Set;

/** Lets only clients in whose verified certificate an allowed name stands. */
final class AllowListInterceptor implements ServerInterceptor {
  private final Set<String> allowed;

  AllowListInterceptor(Set<String> allowed) {
    this.allowed = Set.copyOf(allowed);
  }

  @Override
  public <Q, A> ServerCall.Listener<Q> interceptCall(
      ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
    Set<String> names = ClientNames.of(call).orElse(Set.of());
    if (names.stream().anyMatch(allowed::contains)) {
      return next.startCall(call, headers);
    }
    call.close(
        Status.PERMISSION_DENIED.withDescription(
            "client %s is not on this service's list of allowed clients".formatted(names)),
        new Metadata());
    return new ServerCall.Listener<>() {};
  }
}
