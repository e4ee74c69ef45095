package io.headgate.serving;

import com.google.protobuf.Any;
import com.google.rpc.Code;
import com.google.rpc.RetryInfo;
import com.google.rpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.protobuf.StatusProto;
import java.time.Duration;

/** Failures of whole calls, with the details that a client acts on. */
final class Failures {
  private Failures() {}

  static StatusRuntimeException of(CallRejectedException rejection) {
    return withRetryInfo(
        rejection.isShuttingDown() ? Code.UNAVAILABLE : Code.RESOURCE_EXHAUSTED,
        rejection.getMessage(),
        rejection.retryAfter());
  }

  /** RESOURCE_EXHAUSTED with {@code google.rpc.RetryInfo}. */
  static StatusRuntimeException exhausted(String message, Duration retryAfter) {
    return withRetryInfo(Code.RESOURCE_EXHAUSTED, message, retryAfter);
  }

  /** UNAVAILABLE with {@code google.rpc.RetryInfo}. */
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
    return StatusProto.toStatusRuntimeException(
        Status.newBuilder()
            .setCode(code.getNumber())
            .setMessage(message)
            .addDetails(Any.pack(hint))
            .build());
  }
}
