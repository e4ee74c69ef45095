package io.headgate.demo;

import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayDeque;
import java.util.Deque;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/**
 * A temporary folder and everything that was started around it. Closing stops what was started, the
 * youngest first, and removes the folder; Ctrl-C does the same.
 *
 * <p>Safe for concurrent use: the signal's thread may close while the main thread still starts
 * things.
 */
final class Workspace implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(Workspace.class);

  private final Path folder;
  private final Thread hook;
  private final Deque<AutoCloseable> started = new ArrayDeque<>();
  private boolean closed;

  private Workspace(Path folder) {
    this.folder = folder;
    this.hook = new Thread(this::tidy, "demo-tidy");
  }

  static Workspace open() throws IOException {
    Workspace workspace = new Workspace(Files.createTempDirectory("headgate-demo-"));
    Runtime.getRuntime().addShutdownHook(workspace.hook);
    return workspace;
  }

  Path folder() {
    return folder;
  }

  /**
   * Hands over something to close. Where the workspace is closed already, it is closed at once.
   *
   * @throws IllegalStateException in that case
   */
  <T extends AutoCloseable> T own(T resource) {
    synchronized (this) {
      if (!closed) {
        started.push(resource);
        return resource;
      }
    }
    closeQuietly(resource);
    throw new IllegalStateException("the demo was interrupted");
  }

  /** Closes a resource before its time. */
  void release(AutoCloseable resource) {
    boolean mine;
    synchronized (this) {
      mine = started.remove(resource);
    }
    if (mine) {
      closeQuietly(resource);
    }
  }

  @Override
  public void close() {
    tidy();
    try {
      Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException e) {
      log.debug("the JVM is going down already");
    }
  }

  private synchronized void tidy() {
    if (closed) {
      return;
    }
    closed = true;
    while (!started.isEmpty()) {
      closeQuietly(started.pop());
    }
    try {
      delete(folder);
    } catch (IOException e) {
      log.error("temporary folder {} could not be removed: {}", folder, e.toString());
    }
  }

  private static void closeQuietly(AutoCloseable resource) {
    try {
      resource.close();
    } catch (Exception e) {
      log.warn("closing {}: {}", resource.getClass().getSimpleName(), e.toString());
      log.debug("closing {}", resource, e);
    }
  }

  private static void delete(Path folder) throws IOException {
    Files.walkFileTree(
        folder,
        new SimpleFileVisitor<>() {
          @Override
          public FileVisitResult visitFile(Path file, BasicFileAttributes attributes)
              throws IOException {
            Files.deleteIfExists(file);
            return FileVisitResult.CONTINUE;
          }

          @Override
          public FileVisitResult visitFileFailed(Path file, IOException e) throws IOException {
            if (e instanceof NoSuchFileException) {
              return FileVisitResult.CONTINUE;
            }
            throw e;
          }

          @Override
          public FileVisitResult postVisitDirectory(Path directory, IOException e)
              throws IOException {
            if (e != null) {
              throw e;
            }
            Files.deleteIfExists(directory);
            return FileVisitResult.CONTINUE;
          }
        });
  }
}
