package io.headgate.operations;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.headgate.console.UserException;
import io.headgate.operations.Page.Content;
import java.io.IOException;
import java.io.OutputStream;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.stream.Collectors;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * Answers GET and HEAD on a fixed set of pages. Owns its threads, so that probes are answered
 * whatever the server's own threads wait for.
 */
public final class OperationsServer implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(OperationsServer.class);

  /** A client that sends half a request holds one, so there are a few. */
  private static final int THREADS = 16;

  /** Seconds that the JDK's server lets a client take to send its request; it reads this once. */
  private static final String REQUEST_SECONDS = "sun.net.httpserver.maxReqTime";

  private final HttpServer server;
  private final ExecutorService threads;

  private OperationsServer(HttpServer server, ExecutorService threads) {
    this.server = server;
    this.threads = threads;
  }

  /**
   * @param port 0 for a free one
   * @throws UserException if the port is taken
   */
  public static OperationsServer start(String host, int port, List<Page> pages) {
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
    Content unknown =
        new Content(
            404,
            Page.TEXT,
            pages.stream().map(Page::path).collect(Collectors.joining(", ", "try ", "\n")));
    for (Page page : pages) {
      server.createContext(page.path(), exchange -> answer(exchange, page, unknown));
    }
    server.createContext("/", exchange -> send(exchange, unknown));
    server.start();
    return new OperationsServer(server, threads);
  }

  private static void answer(HttpExchange exchange, Page page, Content unknown) throws IOException {
    String method = exchange.getRequestMethod();
    if (!exchange.getRequestURI().getPath().equals(page.path())) {
      send(exchange, unknown); // the JDK's server matches by prefix
    } else if (!method.equals("GET") && !method.equals("HEAD")) {
      send(exchange, new Content(405, Page.TEXT, "only GET and HEAD\n"));
    } else {
      Content content;
      try {
        content = page.content().get();
      } catch (RuntimeException e) {
        log.error("{} failed", page.path(), e);
        content = new Content(500, Page.TEXT, "failed; see the log\n");
      }
      send(exchange, content);
    }
  }

  private static void send(HttpExchange exchange, Content content) throws IOException {
    byte[] body = content.body().getBytes(StandardCharsets.UTF_8);
    exchange.getResponseHeaders().set("Content-Type", content.type());
    exchange.getResponseHeaders().set("Cache-Control", "no-store");
    boolean head = exchange.getRequestMethod().equals("HEAD");
    exchange.sendResponseHeaders(content.status(), head ? -1 : body.length);
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
