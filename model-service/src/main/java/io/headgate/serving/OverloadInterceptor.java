package io.headgate.serving;

import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.StatusRuntimeException;
import io.headgate.v1.grpc.InspectorGrpc;

/**
 * Refuses calls that would find no place in the queue before their images are read: under overload,
 * decoding what is then thrown away would cost the calls that are served.
 */
final class OverloadInterceptor implements ServerInterceptor {
  private final DynamicBatcher batcher;
  private final BatchListener listener;

  OverloadInterceptor(DynamicBatcher batcher, BatchListener listener) {
    this.batcher = batcher;
    this.listener = listener;
  }

  @Override
  public <Q, A> ServerCall.Listener<Q> interceptCall(
      ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
    if (call.getMethodDescriptor()
            .getFullMethodName()
            .equals(InspectorGrpc.getInspectMethod().getFullMethodName())
        && batcher.refuses(CallContext.CALLER.get())) {
      listener.rejected(BatchListener.Rejection.QUEUE_FULL);
      StatusRuntimeException refusal = Failures.exhausted("the queue is full", batcher.retryHint());
      call.close(refusal.getStatus(), refusal.getTrailers());
      return new ServerCall.Listener<>() {};
    }
    return next.startCall(call, headers);
  }
}
