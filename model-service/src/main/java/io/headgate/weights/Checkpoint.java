package io.headgate.weights;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Tensors as a file or folder has them, before naming.
 *
 * @param path the file, or the index of several
 * @param tensors by the names in the file
 * @param mapped the files behind them
 */
record Checkpoint(Path path, Map<String, WeightTensor> tensors, List<AutoCloseable> mapped)
    implements AutoCloseable {
  /** In order of preference. */
  private static final List<String> IN_FOLDER =
      List.of("open_clip_model.safetensors", "model.safetensors");

  static Checkpoint open(Path folderOrFile) {
    Path file = Files.isDirectory(folderOrFile) ? inFolder(folderOrFile) : folderOrFile;
    Safetensors safetensors = Safetensors.open(file);
    Map<String, WeightTensor> tensors = new LinkedHashMap<>();
    safetensors.names().forEach(n -> tensors.put(n, safetensors.tensor(n)));
    return new Checkpoint(file, tensors, List.of(safetensors));
  }

  private static Path inFolder(Path folder) {
    return IN_FOLDER.stream()
        .map(folder::resolve)
        .filter(Files::exists)
        .findFirst()
        .orElseThrow(
            () ->
                new WeightsException(
                    folder,
                    "no checkpoint (expected one of: %s)".formatted(String.join(", ", IN_FOLDER))));
  }

  @Override
  public void close() {
    for (AutoCloseable file : mapped) {
      try {
        file.close();
      } catch (Exception e) {
        throw new IllegalStateException("closing a mapped file does not fail", e);
      }
    }
  }
}
