package io.headgate.rig;

import io.headgate.console.UserException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/** A folder for a run's data and logs: temporary, and gone when closed, or one to be kept. */
public final class RunFolder implements AutoCloseable {
  private final Path path;
  private final boolean kept;

  private RunFolder(Path path, boolean kept) {
    this.path = path;
    this.kept = kept;
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
    if (kept) {
      return;
    }
    List<Path> all;
    try (Stream<Path> files = Files.walk(path)) {
      all = files.sorted(Comparator.reverseOrder()).toList();
    }
    for (Path file : all) {
      Files.deleteIfExists(file);
    }
  }
}
