package io.headgate.broker;

import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.util.concurrent.ThreadLocalRandom;

/**
 * Ports for processes that die and come back. The kernel gives outgoing connections ports from
 * 32768 up; a server whose port is one of these may find it taken at its return, even by a client
 * that was calling it.
 */
public final class LastingPort {
  private static final int FIRST = 20_000;
  private static final int END = 32_000;
  private static final int ATTEMPTS = 1_000;

  private LastingPort() {}

  /**
   * A port of the loopback interface that is free now and that no outgoing connection will take.
   */
  public static int find() throws IOException {
    for (int attempt = 0; attempt < ATTEMPTS; attempt++) {
      int port = ThreadLocalRandom.current().nextInt(FIRST, END);
      try (ServerSocket socket = new ServerSocket(port, 1, InetAddress.getLoopbackAddress())) {
        return socket.getLocalPort();
      } catch (IOException e) {
        // taken: another one
      }
    }
    throw new IOException(
        "no free port of 127.0.0.1 from %d to %d in %d attempts".formatted(FIRST, END, ATTEMPTS));
  }
}
