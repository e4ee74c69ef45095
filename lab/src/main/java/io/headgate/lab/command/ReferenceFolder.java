package io.headgate.lab.command;

import io.headgate.console.UserException;
import java.nio.file.Files;
import java.nio.file.Path;

/** Where the reference models and pictures are. */
final class ReferenceFolder {
  private ReferenceFolder() {}

  /**
   * The folder named, else the one beside the launcher, else the one in the working folder.
   *
   * @param named may be null
   */
  static Path find(Path named) {
    if (named != null) {
      return named;
    }
    String home = System.getProperty("headgate.home");
    if (home != null && Files.isDirectory(Path.of(home, "reference"))) {
      return Path.of(home, "reference");
    }
    if (Files.isDirectory(Path.of("reference"))) {
      return Path.of("reference");
    }
    throw new UserException(
        "no reference folder found (expected: one beside the launcher) — name it with --reference DIR");
  }
}
