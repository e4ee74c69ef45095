package io.headgate.operations;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.headgate.console.UserException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class OperationsServerTest {
  private final HttpClient client = HttpClient.newHttpClient();
  private final AtomicBoolean healthy = new AtomicBoolean(true);
  private final OperationsServer server =
      OperationsServer.start(
          "127.0.0.1",
          0,
          List.of(
              Page.probe("/readyz", () -> new Health(healthy.get(), "as it is")),
              Page.metrics("/metrics", () -> "up 1.0\n"),
              Page.json("/info", () -> "{}"),
              Page.text(
                  "/broken",
                  () -> {
                    throw new IllegalStateException("secret");
                  })));

  @AfterEach
  void close() {
    server.close();
  }

  @Test
  void aProbeFollowsTheHealth() throws Exception {
    assertThat(get("/readyz").statusCode()).isEqualTo(200);

    healthy.set(false);

    assertThat(get("/readyz").statusCode()).isEqualTo(503);
    assertThat(get("/readyz").body()).isEqualTo("as it is\n");
  }

  @Test
  void aScrapeIsOfPrometheusTextFormat() throws Exception {
    assertThat(get("/metrics").headers().firstValue("Content-Type"))
        .contains("text/plain; version=0.0.4; charset=utf-8");
    assertThat(get("/metrics").body()).isEqualTo("up 1.0\n");
    assertThat(get("/info").headers().firstValue("Content-Type")).contains("application/json");
  }

  @Test
  void anUnknownPathNamesTheKnownOnes() throws Exception {
    for (String path : List.of("/", "/secret", "/metrics/deeper")) {
      HttpResponse<String> response = get(path);

      assertThat(response.statusCode()).isEqualTo(404);
      assertThat(response.body()).isEqualTo("try /readyz, /metrics, /info, /broken\n");
    }
  }

  @Test
  void onlyReadingIsAllowed() throws Exception {
    assertThat(send("POST", "/readyz").statusCode()).isEqualTo(405);
    assertThat(send("HEAD", "/readyz").statusCode()).isEqualTo(200);
    assertThat(send("HEAD", "/readyz").body()).isEmpty();
  }

  @Test
  void aPageThatFailsTellsNoSecrets() throws Exception {
    assertThat(get("/broken").statusCode()).isEqualTo(500);
    assertThat(get("/broken").body()).isEqualTo("failed; see the log\n");
  }

  @Test
  void clientsThatSendHalfARequestDoNotBlockProbes() throws Exception {
    List<Socket> sockets = new ArrayList<>();
    try {
      for (int i = 0; i < 8; i++) {
        Socket socket = new Socket(InetAddress.getLoopbackAddress(), server.port());
        sockets.add(socket);
        socket.getOutputStream().write("GET /readyz HTT".getBytes(StandardCharsets.US_ASCII));
        socket.getOutputStream().flush();
      }

      assertThat(get("/readyz").statusCode()).isEqualTo(200);
    } finally {
      for (Socket socket : sockets) {
        socket.close();
      }
    }
  }

  @Test
  void aTakenPortIsNamed() {
    assertThatThrownBy(() -> OperationsServer.start("127.0.0.1", server.port(), List.of()))
        .isInstanceOf(UserException.class)
        .hasMessageContaining("127.0.0.1 port " + server.port())
        .hasMessageContaining("--http-port");
  }

  private HttpResponse<String> get(String path) throws Exception {
    return send("GET", path);
  }

  private HttpResponse<String> send(String method, String path) throws Exception {
    URI uri = URI.create("http://127.0.0.1:%d%s".formatted(server.port(), path));
    return client.send(
        HttpRequest.newBuilder(uri).method(method, HttpRequest.BodyPublishers.noBody()).build(),
        HttpResponse.BodyHandlers.ofString());
  }
}
