package io.headgate.submit;

import io.headgate.console.UserException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/**
 * A file to submit.
 *
 * @param path where it is
 * @param relative path below the folder that was asked for, or its name, parts separated by {@code
 *     /}
 * @param name the same with the folder's own name before it: apart in several folders
 * @param bytes its length when it was found
 */
record ImageFile(Path path, String relative, String name, long bytes) {
  /**
   * The files themselves, and all files below the folders but hidden ones, in the order of their
   * paths.
   *
   * @throws UserException if a path does not exist or a folder has no files
   */
  static List<ImageFile> find(List<Path> paths) throws IOException {
    List<ImageFile> all = new ArrayList<>();
    for (Path path : paths) {
      if (Files.isDirectory(path)) {
        all.addAll(below(path));
      } else if (Files.isRegularFile(path)) {
        String name = path.getFileName().toString();
        all.add(new ImageFile(path, name, name, Files.size(path)));
      } else {
        throw new UserException(
            "%s: no such file or folder (expected: an image or a folder of images)"
                .formatted(path));
      }
    }
    return all;
  }

  private static List<ImageFile> below(Path folder) throws IOException {
    List<Path> paths;
    try (Stream<Path> walk = Files.walk(folder)) {
      paths =
          walk.filter(p -> p.equals(folder) || !p.getFileName().toString().startsWith("."))
              .filter(Files::isRegularFile)
              .sorted()
              .toList();
    }
    if (paths.isEmpty()) {
      throw new UserException("%s: no files in this folder (expected: images)".formatted(folder));
    }
    Path own = folder.toRealPath().getFileName();
    List<ImageFile> files = new ArrayList<>();
    for (Path path : paths) {
      List<String> parts = new ArrayList<>();
      folder.relativize(path).forEach(part -> parts.add(part.toString()));
      String relative = String.join("/", parts);
      String name = own == null ? relative : own + "/" + relative;
      files.add(new ImageFile(path, relative, name, Files.size(path)));
    }
    return files;
  }
}
