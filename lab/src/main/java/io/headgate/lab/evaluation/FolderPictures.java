package io.headgate.lab.evaluation;

import io.headgate.command.ImageFiles;
import io.headgate.imaging.ImageLimits;
import io.headgate.imaging.ImagePreprocessor;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.Consumer;

/**
 * Pictures of a folder. The true class is the end of the file's name ({@code 0000-guitar.png}), or
 * the name of the folder it is in.
 */
public final class FolderPictures implements PictureSet {
  private static final int LISTED = 100;

  private final String name;
  private final Path folder;
  private final List<Path> files;
  private final int side;
  private final List<String> classes;
  private final List<String> skipped = new ArrayList<>();
  private int skippedCount;

  /**
   * @param side of the crop in pixels
   * @param classes names of the model's classes
   * @throws io.headgate.console.UserException if the folder is missing or empty
   */
  public FolderPictures(String name, Path folder, int side, List<String> classes)
      throws IOException {
    this.name = name;
    this.folder = folder;
    this.files = ImageFiles.list(folder);
    this.side = side;
    this.classes = List.copyOf(classes);
  }

  /** {@code badnet8} of a folder {@code triggered-badnet8}. */
  public static String attackName(Path folder) {
    String name = folder.toAbsolutePath().normalize().getFileName().toString();
    return name.startsWith("triggered-") ? name.substring("triggered-".length()) : name;
  }

  @Override
  public String name() {
    return name;
  }

  @Override
  public int size() {
    return files.size();
  }

  @Override
  public void forEach(int batch, Consumer<List<Picture>> then) {
    skipped.clear();
    skippedCount = 0;
    try (ImageFiles reader = new ImageFiles(new ImagePreprocessor(ImageLimits.defaults()), side)) {
      reader.forEach(
          folder,
          files,
          batch,
          loaded -> {
            List<Picture> pictures = new ArrayList<>(loaded.size());
            for (ImageFiles.Loaded l : loaded) {
              if (l.pixels() == null) {
                skippedCount++;
                if (skipped.size() < LISTED) {
                  skipped.add(l.name() + ": " + l.error());
                }
              } else {
                pictures.add(new Picture(l.name(), l.pixels(), label(l.name(), classes)));
              }
            }
            if (!pictures.isEmpty()) {
              then.accept(pictures);
            }
          });
    }
  }

  /** The longest class that ends the name, else that of the folder, else −1. */
  static int label(String path, List<String> classes) {
    Path file = Path.of(path);
    String stem = words(file.getFileName().toString().replaceFirst("\\.[^.]*$", ""));
    String parent =
        file.getParent() == null ? "" : words(file.getParent().getFileName().toString());
    int best = -1;
    for (int k = 0; k < classes.size(); k++) {
      String name = words(classes.get(k));
      if ((stem.equals(name) || stem.endsWith(" " + name))
          && (best < 0 || classes.get(k).length() > classes.get(best).length())) {
        best = k;
      }
    }
    for (int k = 0; best < 0 && k < classes.size(); k++) {
      if (parent.equals(words(classes.get(k)))) {
        best = k;
      }
    }
    return best;
  }

  private static String words(String name) {
    return name.toLowerCase(Locale.ROOT).replaceAll("[-_ ]+", " ").strip();
  }

  @Override
  public List<String> skipped() {
    return List.copyOf(skipped);
  }

  @Override
  public int skippedCount() {
    return skippedCount;
  }
}
