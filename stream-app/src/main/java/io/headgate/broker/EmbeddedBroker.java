package io.headgate.broker;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import kafka.server.KafkaConfig;
import kafka.server.KafkaRaftServer;
import org.apache.kafka.common.utils.Time;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A single-node KRaft broker in this JVM, on loopback and without authentication.
 *
 * <p>Its threads are its own; {@link #close()} stops them. The folder it was given stays.
 */
public final class EmbeddedBroker implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(EmbeddedBroker.class);
  private static final int ATTEMPTS = 3;

  private final KafkaRaftServer server;
  private final int port;

  private EmbeddedBroker(KafkaRaftServer server, int port) {
    this.server = server;
    this.port = port;
  }

  /** Starts on free ports, with its data below {@code folder}. */
  public static EmbeddedBroker start(Path folder) throws IOException {
    return start(folder, Map.of());
  }

  /**
   * Starts on free ports.
   *
   * @param overrides broker settings that replace the defaults
   * @throws IOException if the folder cannot be written, or another process took the ports three
   *     times in a row
   */
  public static EmbeddedBroker start(Path folder, Map<String, String> overrides)
      throws IOException {
    BrokerConfig.format(folder);
    for (int attempt = 1; ; attempt++) {
      int[] ports = BrokerConfig.freePorts();
      try {
        return start(folder, ports[0], ports[1], overrides);
      } catch (RuntimeException e) {
        // Between finding a port free and binding it, somebody else may.
        if (attempt == ATTEMPTS || !isPortTaken(e)) {
          throw new IOException("embedded broker in " + folder + ": " + rootMessage(e), e);
        }
        log.debug("ports {} and {} were taken, trying others", ports[0], ports[1], e);
      }
    }
  }

  /**
   * Starts on a given port.
   *
   * @param overrides broker settings that replace the defaults
   * @throws io.headgate.console.UserException if another process has the port
   * @throws IOException if the folder cannot be written
   */
  public static EmbeddedBroker start(Path folder, int port, Map<String, String> overrides)
      throws IOException {
    BrokerConfig.requireFree(port);
    BrokerConfig.format(folder);
    try {
      return start(folder, port, BrokerConfig.freePorts()[0], overrides);
    } catch (RuntimeException e) {
      throw new IOException("embedded broker in " + folder + ": " + rootMessage(e), e);
    }
  }

  private static EmbeddedBroker start(
      Path folder, int port, int controllerPort, Map<String, String> overrides) {
    KafkaRaftServer server =
        new KafkaRaftServer(
            new KafkaConfig(
                BrokerConfig.properties(folder, port, controllerPort, overrides), false),
            Time.SYSTEM);
    try {
      server.startup();
      return new EmbeddedBroker(server, port);
    } catch (RuntimeException e) {
      server.shutdown();
      throw e;
    }
  }

  /**
   * Checks a port before anything is started.
   *
   * @throws io.headgate.console.UserException if another process has it
   */
  public static void requireFree(int port) throws IOException {
    BrokerConfig.requireFree(port);
  }

  /** Address for {@code bootstrap.servers}. */
  public String bootstrap() {
    return "127.0.0.1:" + port;
  }

  /** Port of {@link #bootstrap()}. */
  public int port() {
    return port;
  }

  @Override
  public void close() {
    server.shutdown();
    server.awaitShutdown();
  }

  private static boolean isPortTaken(Throwable e) {
    for (Throwable t = e; t != null; t = t.getCause()) {
      if (t instanceof java.net.BindException
          || (t.getMessage() != null && t.getMessage().contains("Address already in use"))) {
        return true;
      }
    }
    return false;
  }

  private static String rootMessage(Throwable e) {
    Throwable root = e;
    while (root.getCause() != null) {
      root = root.getCause();
    }
    return root.getMessage() == null ? root.toString() : root.getMessage();
  }
}
