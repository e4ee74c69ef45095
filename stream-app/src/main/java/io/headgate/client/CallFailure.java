package io.headgate.client;

import com.google.protobuf.Any;
import com.google.protobuf.InvalidProtocolBufferException;
import com.google.rpc.RetryInfo;
import io.grpc.Status;
import io.grpc.protobuf.StatusProto;
import java.net.ConnectException;
import java.net.UnknownHostException;
import java.time.Duration;
import java.util.Optional;

/**
 * Why a call failed.
 *
 * @param status of the call
 * @param retryAfter when the service wants to be asked again, if it said so
 */
record CallFailure(Status status, Optional<Duration> retryAfter) {
  static CallFailure of(Throwable t) {
    return new CallFailure(Status.fromThrowable(t), retryAfter(t));
  }

  private static Optional<Duration> retryAfter(Throwable t) {
    com.google.rpc.Status status = StatusProto.fromThrowable(t);
    if (status == null) {
      return Optional.empty();
    }
    for (Any detail : status.getDetailsList()) {
      if (detail.is(RetryInfo.class)) {
        try {
          com.google.protobuf.Duration delay = detail.unpack(RetryInfo.class).getRetryDelay();
          return Optional.of(Duration.ofSeconds(delay.getSeconds(), delay.getNanos()));
        } catch (InvalidProtocolBufferException e) {
          return Optional.empty(); // a hint that cannot be read is no hint
        }
      }
    }
    return Optional.empty();
  }

  /** Whether the service is there and has too much to do. */
  boolean isOverload() {
    return status.getCode() == Status.Code.RESOURCE_EXHAUSTED;
  }

  /** Whether the images of the call may have had a part in it. */
  boolean mayBeTheImages() {
    return !isOverload() && !isUnreached();
  }

  private boolean isUnreached() {
    for (Throwable t = status.getCause(); t != null; t = t.getCause()) {
      if (t instanceof ConnectException || t instanceof UnknownHostException) {
        return true;
      }
    }
    return false;
  }

  /** For people. */
  String text() {
    return text(status);
  }

  /** The status in words, with the root of its cause: gRPC itself only says "io exception". */
  static String text(Status status) {
    StringBuilder text = new StringBuilder(status.getCode().name());
    if (status.getDescription() != null) {
      text.append(": ").append(status.getDescription());
    }
    Throwable root = status.getCause();
    while (root != null && root.getCause() != null) {
      root = root.getCause();
    }
    if (root != null && root.getMessage() != null) {
      text.append(" (").append(root.getMessage()).append(')');
    }
    return text.toString();
  }
}
