package io.headgate.claimcheck;

import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import javax.net.ServerSocketFactory;

/** Answers every connection with what it is told to write, so that it can lie and stall. */
public final class RawServer implements AutoCloseable {
  /** Writes an answer. */
  public interface Script {
    void answer(OutputStream out) throws IOException, InterruptedException;
  }

  private final ServerSocket server;
  private final List<String> requests = new CopyOnWriteArrayList<>();
  private volatile Script script;

  RawServer(ServerSocketFactory factory, Script script) throws IOException {
    this.server = factory.createServerSocket(0, 10, InetAddress.getLoopbackAddress());
    this.script = script;
    Thread thread = new Thread(this::serve, "raw-server");
    thread.setDaemon(true);
    thread.start();
  }

  public static RawServer of(Script script) throws IOException {
    return new RawServer(ServerSocketFactory.getDefault(), script);
  }

  public static RawServer of(String head, byte[] body) throws IOException {
    return of(text(head, body));
  }

  static Script text(String head, byte[] body) {
    return out -> {
      out.write((head.replace("\n", "\r\n") + "\r\n\r\n").getBytes(StandardCharsets.US_ASCII));
      out.write(body);
    };
  }

  void answerWith(Script next) {
    script = next;
  }

  public int port() {
    return server.getLocalPort();
  }

  /** Heads of the requests so far. */
  public List<String> requests() {
    return List.copyOf(requests);
  }

  private void serve() {
    while (!server.isClosed()) {
      try (Socket socket = server.accept()) {
        StringBuilder head = new StringBuilder();
        InputStream in = socket.getInputStream();
        while (head.indexOf("\r\n\r\n") < 0) {
          int c = in.read();
          if (c < 0) {
            break;
          }
          head.append((char) c);
        }
        if (head.length() > 0) {
          requests.add(head.toString());
          script.answer(socket.getOutputStream());
          socket.getOutputStream().flush();
        }
      } catch (IOException e) {
        // the client left, or the server was closed
      } catch (InterruptedException e) {
        return;
      }
    }
  }

  @Override
  public void close() throws IOException {
    server.close();
  }
}
