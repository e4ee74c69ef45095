package io.headgate.broker;

import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Properties;

/**
 * A single-node KRaft broker in a process of its own, which can die and come back on the same data
 * and port: see {@link #process()}.
 */
public final class BrokerProcess implements AutoCloseable {
  /** Starts fast and stays small; slower than it could be once warm. */
  private static final List<String> SMALL_JVM = List.of("-Xmx384m", "-XX:TieredStopAtLevel=1");

  private final ChildProcess process;
  private final int port;

  private BrokerProcess(ChildProcess process, int port) {
    this.process = process;
    this.port = port;
  }

  /**
   * Formats the storage and writes {@code server.properties}; starts nothing yet. The broker's
   * output will go to {@code broker.log} in the folder.
   *
   * @param overrides broker settings that replace the defaults
   */
  public static BrokerProcess prepare(Path folder, Map<String, String> overrides)
      throws IOException {
    return prepare(folder, SMALL_JVM, overrides);
  }

  /**
   * @param jvm options of its JVM
   * @param overrides broker settings that replace the defaults
   */
  public static BrokerProcess prepare(Path folder, List<String> jvm, Map<String, String> overrides)
      throws IOException {
    BrokerConfig.format(folder);
    int[] ports = {LastingPort.find(), LastingPort.find()};
    Properties properties = BrokerConfig.properties(folder, ports[0], ports[1], overrides);
    Path file = BrokerConfig.write(folder, properties);
    List<String> command = new ArrayList<>();
    command.add(ChildProcess.java());
    command.addAll(jvm);
    command.addAll(
        List.of("-cp", System.getProperty("java.class.path"), "kafka.Kafka", file.toString()));
    return new BrokerProcess(
        new ChildProcess(command, Map.of(), folder.resolve("broker.log")), ports[0]);
  }

  /** What it runs in, for starting and for faults. */
  public ChildProcess process() {
    return process;
  }

  /** Address for {@code bootstrap.servers}, the same after every restart. */
  public String bootstrap() {
    return "127.0.0.1:" + port;
  }

  /** SIGTERM, and SIGKILL after ten seconds. */
  @Override
  public void close() {
    process.close();
  }
}
