package io.headgate.serving;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.List;
import java.util.stream.Stream;

/**
 * Tells that files have changed, without reading them: real path, size, time and identity of each.
 * Links are followed, so a folder that is switched by renaming a link (as Kubernetes does with
 * mounted configuration) counts as changed.
 */
final class FileSignature {
  private FileSignature() {}

  /** Of a file, or of all files directly in a folder; of what is missing: that it is. */
  static String of(Path path) {
    try {
      Path real = path.toRealPath();
      if (!Files.isDirectory(real)) {
        return one(real);
      }
      List<Path> files;
      try (Stream<Path> list = Files.list(real)) {
        files = list.filter(Files::isRegularFile).sorted().toList();
      }
      StringBuilder signature = new StringBuilder(real.toString());
      for (Path file : files) {
        signature.append('\n').append(one(file.toRealPath()));
      }
      return signature.toString();
    } catch (IOException e) {
      return "missing: " + path;
    }
  }

  private static String one(Path file) throws IOException {
    BasicFileAttributes attributes = Files.readAttributes(file, BasicFileAttributes.class);
    return "%s %d %s %s"
        .formatted(file, attributes.size(), attributes.lastModifiedTime(), attributes.fileKey());
  }
}
