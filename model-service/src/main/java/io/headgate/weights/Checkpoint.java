package io.headgate.weights;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * Tensors as a file, several shards or a folder have them, before naming.
 *
 * @param path the file, or the index of several
 * @param tensors by the names in the file
 * @param files behind them
 * @param hints what the file says besides tensors
 * @param configured whether a configuration in the same folder describes this file
 */
record Checkpoint(
    Path path,
    Map<String, WeightTensor> tensors,
    List<MappedFile> files,
    TorchArchive.Hints hints,
    boolean configured)
    implements AutoCloseable {
  private static final String INDEX = ".index.json";

  /** What a model folder's weights are called, in order of preference. */
  private static final List<String> STANDARD =
      List.of(
          "open_clip_model.safetensors",
          "open_clip_model.safetensors" + INDEX,
          "model.safetensors",
          "model.safetensors" + INDEX,
          "open_clip_pytorch_model.bin",
          "open_clip_pytorch_model.bin" + INDEX,
          "pytorch_model.bin",
          "pytorch_model.bin" + INDEX);

  private static final Pattern ANY_NAME = Pattern.compile(".*\\.(safetensors|pt|pth|bin|ckpt)");
  private static final int PICKLE_PROTOCOL = 0x80;

  /**
   * @throws WeightsException if there is no checkpoint or it is unsound
   */
  static Checkpoint open(Path folderOrFile) {
    boolean folder = Files.isDirectory(folderOrFile);
    Path file = folder ? inFolder(folderOrFile) : folderOrFile;
    return file.getFileName().toString().endsWith(INDEX)
        ? openShards(file)
        : openFile(file, folder);
  }

  private static Path inFolder(Path folder) {
    for (String name : STANDARD) {
      if (Files.exists(folder.resolve(name))) {
        return folder.resolve(name);
      }
    }
    try (Stream<Path> files = Files.list(folder)) {
      List<Path> candidates =
          files
              .filter(f -> ANY_NAME.matcher(f.getFileName().toString()).matches())
              .sorted()
              .toList();
      if (candidates.size() == 1) {
        return candidates.get(0);
      }
      throw new WeightsException(
          folder,
          candidates.isEmpty()
              ? "no checkpoint (expected: %s, or one *.pt)".formatted(STANDARD.get(0))
              : "several checkpoints: %s (expected: one, or a standard name such as %s); name the file"
                  .formatted(
                      Listing.of(candidates.stream().map(Path::getFileName).toList()),
                      STANDARD.get(0)));
    } catch (IOException e) {
      throw new WeightsException(folder, "cannot be listed: " + e.getMessage(), e);
    }
  }

  private static Checkpoint openFile(Path path, boolean inFolder) {
    MappedFile file = MappedFile.open(path);
    try {
      return read(file, path, inFolder);
    } catch (RuntimeException | Error e) {
      file.close();
      throw e;
    }
  }

  private static Checkpoint read(MappedFile file, Path path, boolean inFolder) {
    if (StoredZip.looksLikeOne(file)) {
      TorchArchive archive = TorchArchive.read(file);
      // A training checkpoint of any name may lie beside a configuration that is not its own.
      boolean configured = inFolder || STANDARD.contains(path.getFileName().toString());
      return new Checkpoint(path, archive.tensors(), List.of(file), archive.hints(), configured);
    }
    if (looksLikeBarePickle(file)) {
      throw new WeightsException(
          path,
          "a bare pickle, as torch.save wrote before PyTorch 1.6 (expected: a zip archive or safetensors);"
              + " load it where you trust it and torch.save it again");
    }
    return new Checkpoint(
        path,
        SafetensorsHeader.read(file).tensors(),
        List.of(file),
        TorchArchive.Hints.none(),
        true);
  }

  /** A safetensors file may begin with the same byte, but its ninth is a brace. */
  private static boolean looksLikeBarePickle(MappedFile file) {
    return file.size() > 8
        && (file.read(0, 1)[0] & 0xff) == PICKLE_PROTOCOL
        && file.read(8, 1)[0] != '{';
  }

  /** Several files and the index that says which tensor is in which. */
  private static Checkpoint openShards(Path index) {
    ConfigFile places = ConfigFile.read(index).object("weight_map");
    Map<String, Set<String>> namesByShard = new LinkedHashMap<>();
    for (String name : places.fields()) {
      String shard = places.text(name, "");
      if (!ANY_NAME.matcher(shard).matches() || shard.contains("/") || shard.contains("\\")) {
        throw places.wrong(name, shard, "the name of a file in the same folder");
      }
      namesByShard.computeIfAbsent(shard, s -> new HashSet<>()).add(name);
    }
    Map<String, WeightTensor> tensors = new HashMap<>();
    List<MappedFile> files = new ArrayList<>();
    Checkpoint whole = new Checkpoint(index, tensors, files, TorchArchive.Hints.none(), true);
    try {
      namesByShard.forEach(
          (shard, names) -> {
            Checkpoint part = openFile(index.resolveSibling(shard), true);
            files.addAll(part.files);
            requireSame(part, names, index);
            tensors.putAll(part.tensors);
          });
      return whole;
    } catch (RuntimeException | Error e) {
      whole.close();
      throw e;
    }
  }

  private static void requireSame(Checkpoint shard, Set<String> names, Path index) {
    Set<String> differing = new TreeSet<>(shard.tensors.keySet());
    names.forEach(
        name -> {
          if (!differing.remove(name)) {
            differing.add(name);
          }
        });
    if (!differing.isEmpty()) {
      throw new WeightsException(
          shard.path,
          "tensors that only the file or only the index %s has: %s"
              .formatted(index.getFileName(), Listing.of(differing)));
    }
  }

  @Override
  public void close() {
    files.forEach(MappedFile::close);
  }
}
