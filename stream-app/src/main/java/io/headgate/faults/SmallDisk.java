package io.headgate.faults;

import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.FileStore;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Optional;
import java.util.concurrent.TimeUnit;

/**
 * A folder on a file system of its own (tmpfs) that can be filled to the last byte. Mounting needs
 * the right to mount: root, and a container that allows it.
 */
final class SmallDisk implements AutoCloseable {
  private static final int BLOCK = 8 << 20;

  private final Path folder;
  private final Path ballast;

  private SmallDisk(Path folder) {
    this.folder = folder;
    this.ballast = folder.resolve("ballast");
  }

  /**
   * Mounts one.
   *
   * @param folder existing and empty
   * @return empty when that is not allowed here
   */
  static Optional<SmallDisk> mount(Path folder, long bytes)
      throws IOException, InterruptedException {
    int exit;
    try {
      exit =
          run("mount", "-t", "tmpfs", "-o", "size=" + bytes, "headgate-faults", folder.toString());
    } catch (IOException e) {
      return Optional.empty(); // no such program
    }
    return exit == 0 ? Optional.of(new SmallDisk(folder)) : Optional.empty();
  }

  /** Takes every byte that is free. */
  void fill() throws IOException {
    byte[] block = new byte[BLOCK];
    FileStore store = Files.getFileStore(folder);
    try (OutputStream out = Files.newOutputStream(ballast)) {
      for (long free = store.getUsableSpace(); free > 0; free = store.getUsableSpace()) {
        out.write(block, 0, (int) Math.min(block.length, free));
      }
    } catch (IOException e) {
      if (store.getUsableSpace() > 0) { // else the broker took the last bytes: full, as wanted
        throw e;
      }
    }
  }

  /** Gives it all back. */
  void free() throws IOException {
    Files.deleteIfExists(ballast);
  }

  @Override
  public void close() throws IOException {
    try {
      // lazily: what still has a file open there is about to end
      run("umount", "-l", folder.toString());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  private static int run(String... command) throws IOException, InterruptedException {
    Process process =
        new ProcessBuilder(command)
            .redirectErrorStream(true)
            .redirectOutput(ProcessBuilder.Redirect.DISCARD)
            .start();
    if (!process.waitFor(30, TimeUnit.SECONDS)) {
      process.destroyForcibly();
    }
    return process.waitFor();
  }
}
