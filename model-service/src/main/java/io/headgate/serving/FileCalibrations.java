package io.headgate.serving;

import io.headgate.calibration.Calibration;
import io.headgate.calibration.CalibrationException;
import io.headgate.console.UserException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** A calibration file, or a folder of them: the one that belongs to the model is taken. */
final class FileCalibrations implements CalibrationSource {
  private final Path path;

  FileCalibrations(Path path) {
    this.path = path;
  }

  @Override
  public String signature() {
    // The numbers lie in a second file beside each, so a single file's folder is looked at too.
    Path parent = path.toAbsolutePath().getParent();
    return FileSignature.of(path) + "\n" + numbersBeside(parent);
  }

  private String numbersBeside(Path parent) {
    String name = path.getFileName().toString();
    String stem = name.endsWith(".json") ? name.substring(0, name.length() - 5) : name;
    return FileSignature.of(parent.resolve(stem + ".safetensors"));
  }

  @Override
  public Loaded load() {
    List<Calibration> calibrations = new ArrayList<>();
    List<String> problems = new ArrayList<>();
    for (Path file : files()) {
      try {
        calibrations.add(Calibration.load(file));
      } catch (CalibrationException e) {
        problems.add(e.getMessage());
      }
    }
    return new Loaded(calibrations, problems);
  }

  private List<Path> files() {
    if (!Files.isDirectory(path)) {
      return List.of(path);
    }
    try (Stream<Path> list = Files.list(path)) {
      return list.filter(f -> f.getFileName().toString().endsWith(".json")).sorted().toList();
    } catch (IOException e) {
      throw new UserException("%s: cannot be listed: %s".formatted(path, e), e);
    }
  }

  @Override
  public void close() {}
}
