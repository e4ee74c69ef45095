package io.headgate.serving;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.headgate.console.UserException;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.function.Supplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * The HTTP port for machines that watch: metrics, probes, what is served. Owns its threads, so that
 * probes are answered whatever the lanes do.
 */
final class HttpEndpoint implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(HttpEndpoint.class);
  private static final String TEXT = "text/plain; charset=utf-8";
  private static final String PROMETHEUS = "text/plain; version=0.0.4; charset=utf-8";
  private static final String JSON = "application/json";

  /** A client that sends half a request holds one, so there are a few. */
  private static final int THREADS = 16;

  /** Seconds that the JDK's server lets a client take to send its request; it reads this once. */
  private static final String REQUEST_SECONDS = "sun.net.httpserver.maxReqTime";

  /** What a probe is told. */
  record Probe(boolean ok, String why) {}

  private final HttpServer server;
  private final ExecutorService threads;

  private HttpEndpoint(HttpServer server, ExecutorService threads) {
    this.server = server;
    this.threads = threads;
  }

  /**
   * @throws UserException if the port is taken
   */
  static HttpEndpoint start(
      String host,
      int port,
      Supplier<String> metrics,
      Supplier<Probe> live,
      Supplier<Probe> ready,
      Supplier<String> info) {
    if (System.getProperty(REQUEST_SECONDS) == null) {
      System.setProperty(REQUEST_SECONDS, "10");
    }
    HttpServer server;
    try {
      server = HttpServer.create(new InetSocketAddress(host, port), 64);
    } catch (IOException e) {
      throw new UserException(
          "cannot listen for HTTP on %s port %d (%s): choose another --http-port, or stop what listens there"
              .formatted(host, port, e.getMessage()),
          e);
    }
    ExecutorService threads =
        Executors.newFixedThreadPool(
            THREADS,
            task -> {
              Thread thread = new Thread(task, "headgate-http");
              thread.setDaemon(true);
              return thread;
            });
    server.setExecutor(threads);
    server.createContext("/metrics", exact(x -> send(x, 200, PROMETHEUS, metrics.get())));
    server.createContext("/livez", exact(x -> probe(x, live.get())));
    server.createContext("/readyz", exact(x -> probe(x, ready.get())));
    server.createContext("/info", exact(x -> send(x, 200, JSON, info.get())));
    server.createContext("/", x -> send(x, 404, TEXT, "try /metrics, /livez, /readyz or /info\n"));
    server.start();
    return new HttpEndpoint(server, threads);
  }

  private interface Handler {
    void handle(HttpExchange exchange) throws IOException;
  }

  private static com.sun.net.httpserver.HttpHandler exact(Handler handler) {
    return exchange -> {
      String method = exchange.getRequestMethod();
      if (!exchange.getRequestURI().getPath().equals(exchange.getHttpContext().getPath())) {
        send(exchange, 404, TEXT, "try /metrics, /livez, /readyz or /info\n");
      } else if (!method.equals("GET") && !method.equals("HEAD")) {
        send(exchange, 405, TEXT, "only GET and HEAD\n");
      } else {
        try {
          handler.handle(exchange);
        } catch (RuntimeException e) {
          log.error("{} failed", exchange.getRequestURI().getPath(), e);
          send(exchange, 500, TEXT, "failed; see the service's log\n");
        }
      }
    };
  }

  private static void probe(HttpExchange exchange, Probe probe) throws IOException {
    send(exchange, probe.ok() ? 200 : 503, TEXT, probe.why() + "\n");
  }

  private static void send(HttpExchange exchange, int status, String type, String text)
      throws IOException {
    byte[] body = text.getBytes(StandardCharsets.UTF_8);
    exchange.getResponseHeaders().set("Content-Type", type);
    exchange.getResponseHeaders().set("Cache-Control", "no-store");
    boolean head = exchange.getRequestMethod().equals("HEAD");
    exchange.sendResponseHeaders(status, head ? -1 : body.length);
    if (!head) {
      try (OutputStream out = exchange.getResponseBody()) {
        out.write(body);
      }
    }
    exchange.close();
  }

  int port() {
    return server.getAddress().getPort();
  }

  @Override
  public void close() {
    server.stop(0);
    threads.shutdown();
  }
}
