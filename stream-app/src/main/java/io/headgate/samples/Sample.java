package io.headgate.samples;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * Something to submit.
 *
 * @param truth what it really is
 * @param label true class, empty for corrupt ones
 * @param name of the file or the kind of corruption
 * @param bytes the encoded image, or with {@code rawRecord} the record's value; read-only
 * @param rawRecord whether the bytes go onto the topic as they are, without an event around them
 */
public record Sample(Truth truth, String label, String name, byte[] bytes, boolean rawRecord) {
  public static Sample of(Truth truth, String label, Path file) throws IOException {
    return new Sample(
        truth,
        label,
        file.getParent().getFileName() + "/" + file.getFileName(),
        Files.readAllBytes(file),
        false);
  }

  public static Sample corruptFile(String name, byte[] bytes) {
    return new Sample(Truth.CORRUPT, "", name, bytes, false);
  }

  public static Sample corruptRecord(String name, byte[] value) {
    return new Sample(Truth.CORRUPT, "", name, value, true);
  }
}
