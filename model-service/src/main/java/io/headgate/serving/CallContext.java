package io.headgate.serving;

import io.grpc.Context;
import io.grpc.Grpc;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import java.util.UUID;
import java.util.regex.Pattern;

/** Who calls, under which request id: set by the interceptors, read by the service. */
final class CallContext {
  /** A request's id, given by the caller or made up; echoed in the response's headers. */
  static final Metadata.Key<String> REQUEST_ID_HEADER =
      Metadata.Key.of("x-request-id", Metadata.ASCII_STRING_MARSHALLER);

  static final Context.Key<String> REQUEST_ID = Context.key("headgate-request-id");
  static final Context.Key<Object> CALLER = Context.key("headgate-caller");

  private static final Pattern SAFE_ID = Pattern.compile("[A-Za-z0-9._:/=+-]{1,128}");

  private CallContext() {}

  /** The caller's id if it is one that a log can hold, else a new one. */
  static String requestId(Metadata headers) {
    String given = headers.get(REQUEST_ID_HEADER);
    return given != null && SAFE_ID.matcher(given).matches() ? given : UUID.randomUUID().toString();
  }

  /** Whom to be fair to: the name in the client's certificate, else its connection. */
  static Object caller(ServerCall<?, ?> call) {
    return ClientNames.of(call)
        .<Object>map(names -> names.iterator().next())
        .orElseGet(() -> String.valueOf(call.getAttributes().get(Grpc.TRANSPORT_ATTR_REMOTE_ADDR)));
  }
}
