package io.headgate.serving;

import io.grpc.Metadata;
import io.grpc.ServerStreamTracer;
import io.grpc.Status;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.slf4j.event.Level;

/**
 * Counts, times and logs every call once, however it ends: answered, refused before it was read,
 * cancelled, or cut off by its deadline.
 */
final class RequestTracer extends ServerStreamTracer {
  private static final Logger log = LoggerFactory.getLogger("io.headgate.serving.requests");

  private final Factory factory;
  private final String method;
  private final String requestId;
  private final long started = System.nanoTime();

  private RequestTracer(Factory factory, String method, String requestId) {
    this.factory = factory;
    this.method = method;
    this.requestId = requestId;
  }

  /** Makes a tracer for every call. Safe for concurrent use. */
  static final class Factory extends ServerStreamTracer.Factory {
    private final ServingMetrics metrics;
    private final AtomicInteger inFlight = new AtomicInteger();

    Factory(ServingMetrics metrics) {
      this.metrics = metrics;
    }

    /**
     * Calls of the inspector that have not been answered to the last byte. Health watches and
     * reflection, which stay open as long as a client likes, do not count.
     */
    int inFlight() {
      return inFlight.get();
    }

    @Override
    public ServerStreamTracer newServerStreamTracer(String fullMethodName, Metadata headers) {
      // Decided once here, so that log, interceptor and client see the same id.
      String requestId = CallContext.requestId(headers);
      headers.discardAll(CallContext.REQUEST_ID_HEADER);
      headers.put(CallContext.REQUEST_ID_HEADER, requestId);
      RequestTracer tracer =
          new RequestTracer(this, ServingMetrics.methodLabel(fullMethodName), requestId);
      if (tracer.counts()) {
        inFlight.incrementAndGet();
      }
      return tracer;
    }
  }

  private boolean counts() {
    return ServingMetrics.INSPECTOR_METHODS.contains(method);
  }

  @Override
  public void streamClosed(Status status) {
    long nanos = System.nanoTime() - started;
    if (counts()) {
      factory.inFlight.decrementAndGet();
    }
    factory.metrics.requestEnded(method, status.getCode(), nanos);
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
