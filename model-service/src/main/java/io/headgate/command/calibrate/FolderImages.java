package io.headgate.command.calibrate;

import io.headgate.command.ImageFiles;
import io.headgate.command.ImageFiles.Loaded;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.function.Consumer;

/** The image files of a folder, shuffled. */
final class FolderImages implements ImageSource {
  private final Path folder;
  private final List<Path> files;
  private final ImageFiles reader;

  /**
   * @param excluded names, relative to the folder
   * @throws io.headgate.console.UserException if it is no folder or there are no files
   */
  FolderImages(Path folder, Set<String> excluded, long seed, ImageFiles reader) throws IOException {
    this.folder = folder;
    this.files = new ArrayList<>(ImageFiles.list(folder));
    files.removeIf(file -> excluded.contains(folder.relativize(file).toString()));
    Collections.shuffle(files, new Random(seed));
    this.reader = reader;
  }

  @Override
  public long size() {
    return files.size();
  }

  @Override
  public String identity() {
    StringBuilder text = new StringBuilder(folder.toAbsolutePath().toString());
    for (Path file : files) {
      text.append('\n').append(folder.relativize(file)).append(' ');
      try {
        text.append(Files.size(file)).append(' ').append(Files.getLastModifiedTime(file));
      } catch (IOException e) {
        text.append('-'); // it will be skipped and listed when its turn comes
      }
    }
    return text.toString();
  }

  @Override
  public void forEach(long from, int batch, Consumer<List<Loaded>> then) {
    reader.forEach(folder, files.subList((int) from, files.size()), batch, then::accept);
  }

  @Override
  public void close() {}
}
