package io.headgate.stream;

import com.sun.net.httpserver.HttpServer;
import io.headgate.v1.ImageSubmitted;
import io.headgate.v1.ModeratedImage;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;

/**
 * As much of a schema registry as the guard asks for, on a loopback port; goes away and returns.
 */
final class FakeRegistry implements AutoCloseable {
  static final int SUBMITTED_ID = 1;
  static final int MODERATED_ID = 2;

  private final int port;
  private final AtomicInteger asked = new AtomicInteger();
  private volatile int status = 200;
  private volatile CountDownLatch held = new CountDownLatch(0);
  private HttpServer server;

  FakeRegistry() {
    server = start(0);
    port = server.getAddress().getPort();
  }

  String url() {
    return "http://127.0.0.1:" + port;
  }

  /** Answers everything with this status. */
  FakeRegistry status(int code) {
    status = code;
    return this;
  }

  /** Accepts connections and answers none until {@link #goOn()}. */
  void hang() {
    held = new CountDownLatch(1);
  }

  void goOn() {
    held.countDown();
  }

  int asked() {
    return asked.get();
  }

  void stop() {
    server.stop(0);
  }

  void restart() {
    server = start(port);
  }

  private HttpServer start(int wanted) {
    HttpServer started;
    try {
      started =
          HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), wanted), 10);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    started.createContext(
        "/",
        exchange -> {
          asked.incrementAndGet();
          awaitRelease();
          exchange.getRequestBody().readAllBytes();
          String path = exchange.getRequestURI().getPath();
          int code = status;
          String body;
          if (code != 200) {
            body = "{\"error_code\":%d,\"message\":\"told to\"}".formatted(code);
          } else if (path.equals("/schemas/ids/" + SUBMITTED_ID)) {
            body = schema(ImageSubmitted.getClassSchema().toString());
          } else if (path.startsWith("/schemas/ids/")) {
            code = 404;
            body = "{\"error_code\":40403,\"message\":\"Schema not found\"}";
          } else { // looks up the schema of what is written
            body =
                "{\"subject\":\"s\",\"id\":%d,\"version\":1,\"schema\":%s}"
                    .formatted(MODERATED_ID, quote(ModeratedImage.getClassSchema().toString()));
          }
          byte[] bytes = body.getBytes(StandardCharsets.UTF_8);
          exchange
              .getResponseHeaders()
              .set("Content-Type", "application/vnd.schemaregistry.v1+json");
          exchange.sendResponseHeaders(code, bytes.length);
          exchange.getResponseBody().write(bytes);
          exchange.close();
        });
    started.start();
    return started;
  }

  private void awaitRelease() {
    try {
      held.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static String schema(String text) {
    return "{\"schema\":%s}".formatted(quote(text));
  }

  private static String quote(String text) {
    return "\"" + text.replace("\\", "\\\\").replace("\"", "\\\"") + "\"";
  }

  @Override
  public void close() {
    goOn();
    stop();
  }
}
