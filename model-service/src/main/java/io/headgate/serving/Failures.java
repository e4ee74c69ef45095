package io.headgate.serving;

import com.google.protobuf.Any;
import com.google.rpc.Code;
import com.google.rpc.RetryInfo;
import com.google.rpc.Status;
import io.grpc.Metadata;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import java.time.Duration;

/** Failures of whole calls, with the details that a client acts on. */
final class Failures {
  /** When to try again, in milliseconds, for the retries that gRPC itself makes (gRFC A6). */
  static final Metadata.Key<String> PUSHBACK =
      Metadata.Key.of("grpc-retry-pushback-ms", Metadata.ASCII_STRING_MARSHALLER);

  private Failures() {}

  static StatusRuntimeException of(CallRejectedException rejection) {
    return withRetryInfo(
        rejection.isShuttingDown() ? Code.UNAVAILABLE : Code.RESOURCE_EXHAUSTED,
        rejection.getMessage(),
        rejection.retryAfter());
  }

  /** RESOURCE_EXHAUSTED with a retry hint. */
  static StatusRuntimeException exhausted(String message, Duration retryAfter) {
    return withRetryInfo(Code.RESOURCE_EXHAUSTED, message, retryAfter);
  }

  /** UNAVAILABLE with a retry hint. */
  static StatusRuntimeException unavailable(String message, Duration retryAfter) {
    return withRetryInfo(Code.UNAVAILABLE, message, retryAfter);
  }

  private static StatusRuntimeException withRetryInfo(
      Code code, String message, Duration retryAfter) {
    RetryInfo hint =
        RetryInfo.newBuilder()
            .setRetryDelay(
                com.google.protobuf.Duration.newBuilder()
                    .setSeconds(retryAfter.toSeconds())
                    .setNanos(retryAfter.toNanosPart()))
            .build();
    Metadata trailers = new Metadata();
    trailers.put(PUSHBACK, Long.toString(Math.max(1, retryAfter.toMillis())));
    return StatusProto.toStatusRuntimeException(
        Status.newBuilder()
            .setCode(code.getNumber())
            .setMessage(message)
            .addDetails(Any.pack(hint))
            .build(),
        trailers);
  }
}
