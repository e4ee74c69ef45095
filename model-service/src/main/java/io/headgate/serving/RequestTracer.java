package io.headgate.serving;

import io.grpc.Metadata;
import io.grpc.ServerStreamTracer;
import io.grpc.Status;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/**
 * Counts, times and logs every call once, however it ends: answered, refused before it was read,
 * cancelled, or cut off by its deadline.
 */
final class RequestTracer extends ServerStreamTracer {
  private static final Logger log = LoggerFactory.getLogger("io.headgate.serving.requests");

  private final ServingMetrics metrics;
  private final String method;
  private final String requestId;
  private final long started = System.nanoTime();

  private RequestTracer(ServingMetrics metrics, String method, String requestId) {
    this.metrics = metrics;
    this.method = method;
    this.requestId = requestId;
    metrics.requestStarted();
  }

  static ServerStreamTracer.Factory factory(ServingMetrics metrics) {
    return new ServerStreamTracer.Factory() {
      @Override
      public ServerStreamTracer newServerStreamTracer(String fullMethodName, Metadata headers) {
        // Decided once here, so that log, interceptor and client see the same id.
        String requestId = CallContext.requestId(headers);
        headers.discardAll(CallContext.REQUEST_ID_HEADER);
        headers.put(CallContext.REQUEST_ID_HEADER, requestId);
        return new RequestTracer(metrics, ServingMetrics.methodLabel(fullMethodName), requestId);
      }
    };
  }

  @Override
  public void streamClosed(Status status) {
    long nanos = System.nanoTime() - started;
    metrics.requestEnded(method, status.getCode(), nanos);
    Level level =
        switch (status.getCode()) {
          case INTERNAL, UNKNOWN, DATA_LOSS -> Level.WARN;
          default -> Level.DEBUG;
        };
    log.atLevel(level)
        .addKeyValue("request_id", requestId)
        .addKeyValue("method", method)
        .addKeyValue("status", status.getCode())
        .addKeyValue("duration_ms", TimeUnit.NANOSECONDS.toMillis(nanos))
        .log(status.getDescription() == null ? "answered" : status.getDescription());
  }
}
