package io.headgate.shipping;

import static java.util.concurrent.TimeUnit.MILLISECONDS;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** A running container of a {@link Sandbox}. */
final class Container {
  private final String name;
  private final Process process;
  private final Path log;
  private final String user;

  Container(ContainerSpec spec, Process process, Path log) {
    this.name = spec.name();
    this.user = spec.user();
    this.process = process;
    this.log = log;
  }

  String name() {
    return name;
  }

  boolean isRunning() {
    return process.isAlive();
  }

  String log() {
    return Sandbox.read(log);
  }

  /**
   * Runs a command in the container, as its engine would for a health check; fails before the
   * start.
   */
  Tools.Outcome exec(List<String> command) {
    Optional<ProcessHandle> running = firstIfAny();
    if (running.isEmpty()) {
      return new Tools.Outcome(125, name + " has not started");
    }
    ProcessHandle first = running.get();
    List<String> all =
        new ArrayList<>(
            List.of("timeout", "10", "nsenter", "--target", Long.toString(first.pid())));
    all.addAll(List.of("--net", "--mount", "--pid", "--root", "--wd=/tmp"));
    String[] ids = user.split(":");
    all.addAll(List.of("setpriv", "--reuid", ids[0], "--regid", ids[1], "--clear-groups"));
    all.addAll(command);
    return Tools.run(Repository.ROOT, all);
  }

  /** SIGTERM to process 1. */
  void terminate() {
    first().destroy();
  }

  void kill() {
    process.descendants().forEach(ProcessHandle::destroyForcibly);
    process.destroyForcibly();
  }

  /** The exit code, as an engine shows it: 143 after SIGTERM. */
  int awaitExit(Duration limit) {
    try {
      if (!process.waitFor(limit.toMillis(), MILLISECONDS)) {
        throw new AssertionError(name + " still runs after " + limit + ":\n" + log());
      }
      return process.exitValue();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new IllegalStateException(e);
    }
  }

  /** Most resident memory of process 1 so far, in bytes. */
  long peakMemory() {
    String status = Sandbox.read(Path.of("/proc", Long.toString(first().pid()), "status"));
    return status
        .lines()
        .filter(line -> line.startsWith("VmHWM:"))
        .mapToLong(line -> Long.parseLong(line.replaceAll("\\D+", "")) * 1024)
        .findFirst()
        .orElseThrow();
  }

  /** Process 1: nsenter became start.sh, whose child unshare has it as its child. */
  private Optional<ProcessHandle> firstIfAny() {
    return process.children().flatMap(ProcessHandle::children).findFirst();
  }

  private ProcessHandle first() {
    return firstIfAny().orElseThrow(() -> new AssertionError(name + " has not started:\n" + log()));
  }
}
