package io.headgate.rig;

import io.headgate.console.UserException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/**
 * A folder for a run's data and logs: temporary, and gone when closed, or one to be kept.
 *
 * <p>The first thing that a run opens and the last that it closes. When the JVM is told to end
 * (Ctrl-C, SIGTERM) meanwhile, the thread that opened it is interrupted and given time to end what
 * it has started: a run must not leave processes behind.
 */
public final class RunFolder implements AutoCloseable {
  private static final int GOODBYE_SECONDS = 30;

  private final Path path;
  private final boolean kept;
  private final CountDownLatch closed = new CountDownLatch(1);
  private final Thread hook;

  private RunFolder(Path path, boolean kept) {
    this.path = path;
    this.kept = kept;
    Thread owner = Thread.currentThread();
    this.hook = new Thread(() -> end(owner), "headgate-run-end");
    Runtime.getRuntime().addShutdownHook(hook);
  }

  private void end(Thread owner) {
    owner.interrupt();
    try {
      closed.await(GOODBYE_SECONDS, TimeUnit.SECONDS);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /**
   * @param prefix of a temporary folder's name
   * @param keep the folder to be kept, made if it is not there; null for a temporary one
   * @throws UserException if that folder holds anything
   */
  public static RunFolder open(String prefix, Path keep) throws IOException {
    if (keep == null) {
      return new RunFolder(Files.createTempDirectory(prefix), false);
    }
    Files.createDirectories(keep);
    try (Stream<Path> files = Files.list(keep)) {
      if (files.findAny().isPresent()) {
        throw new UserException("--keep: %s is not empty (expected: a new folder)".formatted(keep));
      }
    }
    return new RunFolder(keep.toAbsolutePath(), true);
  }

  /** Where it is. */
  public Path path() {
    return path;
  }

  @Override
  public void close() throws IOException {
    try {
      if (!kept) {
        delete();
      }
    } finally {
      closed.countDown();
      try {
        Runtime.getRuntime().removeShutdownHook(hook);
      } catch (IllegalStateException e) {
        // the JVM is going down: the hook waits for this very moment
      }
    }
  }

  private void delete() throws IOException {
    List<Path> all;
    try (Stream<Path> files = Files.walk(path)) {
      all = files.sorted(Comparator.reverseOrder()).toList();
    }
    for (Path file : all) {
      Files.deleteIfExists(file);
    }
  }
}
