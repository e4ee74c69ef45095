package io.headgate.serving;

import io.grpc.Context;
import io.grpc.Contexts;
import io.grpc.ForwardingServerCall.SimpleForwardingServerCall;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.ServerInterceptor;
import io.grpc.Status;

/** Gives every call its request id and caller; echoes the id to the client. */
final class RequestInterceptor implements ServerInterceptor {
  @Override
  public <Q, A> ServerCall.Listener<Q> interceptCall(
      ServerCall<Q, A> call, Metadata headers, ServerCallHandler<Q, A> next) {
    String requestId = CallContext.requestId(headers);
    Context context =
        Context.current()
            .withValues(
                CallContext.REQUEST_ID, requestId, CallContext.CALLER, CallContext.caller(call));
    ServerCall<Q, A> echoing =
        new SimpleForwardingServerCall<>(call) {
          private boolean headersSent;

          @Override
          public void sendHeaders(Metadata responseHeaders) {
            headersSent = true;
            responseHeaders.put(CallContext.REQUEST_ID_HEADER, requestId);
            super.sendHeaders(responseHeaders);
          }

          @Override
          public void close(Status status, Metadata trailers) {
            if (!headersSent) {
              trailers.put(CallContext.REQUEST_ID_HEADER, requestId);
            }
            super.close(status, trailers);
          }
        };
    return Contexts.interceptCall(context, echoing, headers, next);
  }
}
