package io.headgate.stream;

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
 * What machines ask a guard over HTTP: {@code /livez}, {@code /readyz}, {@code /metrics}, {@code
 * /topology}. Owns its threads, so that probes are answered whatever the stream threads wait for.
 */
public final class OperationsServer implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(OperationsServer.class);
  private static final String TEXT = "text/plain; charset=utf-8";
  private static final String PROMETHEUS = "text/plain; version=0.0.4; charset=utf-8";
  private static final String HINT = "try /livez, /readyz, /metrics or /topology\n";

  private final HttpServer server;
  private final ExecutorService threads;

  private OperationsServer(HttpServer server, ExecutorService threads) {
    this.server = server;
    this.threads = threads;
  }

  /**
   * @param port 0 for a free one
   * @param metrics the scrape
   * @throws UserException if the port is taken
   */
  public static OperationsServer start(
      String host, int port, RunningGuard guard, Supplier<String> metrics) {
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
            2,
            task -> {
              Thread thread = new Thread(task, "headgate-http");
              thread.setDaemon(true);
              return thread;
            });
    server.setExecutor(threads);
    OperationsServer operations = new OperationsServer(server, threads);
    operations.route("/livez", exchange -> probe(exchange, guard.live()));
    operations.route("/readyz", exchange -> probe(exchange, guard.ready()));
    operations.route("/metrics", exchange -> send(exchange, 200, PROMETHEUS, metrics.get()));
    operations.route("/topology", exchange -> send(exchange, 200, TEXT, guard.describe()));
    server.createContext("/", exchange -> send(exchange, 404, TEXT, HINT));
    server.start();
    return operations;
  }

  private interface Handler {
    void handle(HttpExchange exchange) throws IOException;
  }

  private void route(String path, Handler handler) {
    server.createContext(
        path,
        exchange -> {
          String method = exchange.getRequestMethod();
          if (!exchange.getRequestURI().getPath().equals(path)) {
            send(exchange, 404, TEXT, HINT);
          } else if (!method.equals("GET") && !method.equals("HEAD")) {
            send(exchange, 405, TEXT, "only GET and HEAD\n");
          } else {
            try {
              handler.handle(exchange);
            } catch (RuntimeException e) {
              log.error("{} failed", path, e);
              send(exchange, 500, TEXT, "failed; see the guard's log\n");
            }
          }
        });
  }

  private static void probe(HttpExchange exchange, RunningGuard.Health health) throws IOException {
    send(exchange, health.ok() ? 200 : 503, TEXT, health.why() + "\n");
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

  /** The port listened on. */
  public int port() {
    return server.getAddress().getPort();
  }

  @Override
  public void close() {
    server.stop(0);
    threads.shutdown();
  }
}
