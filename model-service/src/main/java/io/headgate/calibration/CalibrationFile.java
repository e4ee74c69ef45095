package io.headgate.calibration;

import io.headgate.calibration.CalibrationException.Code;
import java.io.IOException;
import java.nio.file.AtomicMoveNotSupportedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;

/** A calibration as two files: {@code NAME.json} and {@code NAME.safetensors}. */
final class CalibrationFile {
  private CalibrationFile() {}

  static Path numbersBeside(Path json) {
    String name = json.getFileName().toString();
    String stem = name.endsWith(".json") ? name.substring(0, name.length() - 5) : name;
    return json.resolveSibling(stem + ".safetensors");
  }

  static Calibration load(Path file) {
    Path numbers = numbersBeside(file);
    byte[] json = read(file, "calibration");
    return CalibrationCodec.decode(json, read(numbers, "numbers of calibration"), file.toString());
  }

  private static byte[] read(Path file, String what) {
    try {
      return Files.readAllBytes(file);
    } catch (NoSuchFileException e) {
      throw new CalibrationException(
          Code.UNREADABLE,
          "%s: no such file (expected: the %s, written by 'headgate calibrate')"
              .formatted(file, what),
          e);
    } catch (IOException e) {
      throw CalibrationCodec.unreadable(file.toString(), e.toString(), e);
    }
  }

  /** The numbers first: a JSON is never there without the numbers it names. */
  static void save(Calibration calibration, Path file) {
    CalibrationCodec.Encoded encoded = CalibrationCodec.encode(calibration);
    try {
      Path parent = file.toAbsolutePath().getParent();
      if (parent != null) {
        Files.createDirectories(parent);
      }
      write(numbersBeside(file), encoded.numbers());
      write(file, encoded.json());
    } catch (IOException e) {
      throw new CalibrationException(
          Code.UNREADABLE, "%s: cannot be written: %s".formatted(file, e), e);
    }
  }

  static void write(Path file, byte[] bytes) throws IOException {
    Path half = file.resolveSibling(file.getFileName() + ".tmp");
    Files.write(half, bytes);
    try {
      Files.move(half, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    } catch (AtomicMoveNotSupportedException e) {
      Files.move(half, file, StandardCopyOption.REPLACE_EXISTING);
    }
  }
}
