package io.headgate.calibration;

import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.zip.CRC32;
import java.util.zip.CheckedInputStream;
import java.util.zip.CheckedOutputStream;

/**
 * A calibration under way, as a file, so that an interrupted one goes on where it was. The file
 * belongs to one run: the same model, settings and images.
 */
public final class CalibrationCheckpoint {
  private static final String FORMAT = "headgate-checkpoint/2 ";

  private final Path file;
  private final String run;

  /** What was found at the start. */
  public enum Found {
    /** No checkpoint. */
    NOTHING,
    /** One of this run; the calibrator goes on from it. */
    THIS_RUN,
    /** One of another model, other settings or other images; it will be overwritten. */
    ANOTHER_RUN,
    /** One that is damaged; it will be overwritten. */
    DAMAGED
  }

  /**
   * @param run what identifies model, settings and images
   */
  public CalibrationCheckpoint(Path file, String run) {
    this.file = file;
    this.run = FORMAT + CalibrationCodec.sha256(run.getBytes(StandardCharsets.UTF_8));
  }

  /** Brings a new calibrator to where the run was. */
  public Found restore(Calibrator calibrator) throws IOException {
    try (InputStream bytes = open()) {
      CheckpointInput in = new CheckpointInput(bytes);
      String found = in.text();
      if (!found.startsWith(FORMAT)) {
        return Found.DAMAGED;
      }
      if (!found.equals(run)) {
        return Found.ANOTHER_RUN;
      }
    } catch (NoSuchFileException e) {
      return Found.NOTHING;
    } catch (IOException e) {
      return Found.DAMAGED;
    }
    if (!whole()) {
      return Found.DAMAGED;
    }
    try (InputStream bytes = open()) {
      CheckpointInput in = new CheckpointInput(bytes);
      in.text();
      calibrator.restore(in);
      return Found.THIS_RUN;
    }
  }

  private InputStream open() throws IOException {
    return new BufferedInputStream(Files.newInputStream(file), 1 << 16);
  }

  /** Whether the file ends with the checksum of what is before it. */
  private boolean whole() throws IOException {
    long length = Files.size(file) - Long.BYTES;
    try (CheckedInputStream in = new CheckedInputStream(open(), new CRC32())) {
      byte[] chunk = new byte[1 << 16];
      for (long left = length; left > 0; ) {
        int n = in.read(chunk, 0, (int) Math.min(chunk.length, left));
        if (n < 0) {
          return false;
        }
        left -= n;
      }
      long computed = in.getChecksum().getValue();
      return new CheckpointInput(in).data().readLong() == computed;
    } catch (java.io.EOFException e) {
      return false;
    }
  }

  /** Replaces the file in one step. */
  public void save(Calibrator calibrator) throws IOException {
    Path half = file.resolveSibling(file.getFileName() + ".tmp");
    try (OutputStream bytes = new BufferedOutputStream(Files.newOutputStream(half), 1 << 16)) {
      CheckedOutputStream checked = new CheckedOutputStream(bytes, new CRC32());
      CheckpointOutput out = new CheckpointOutput(checked);
      out.text(run);
      calibrator.write(out);
      out.flush();
      out.data().writeLong(checked.getChecksum().getValue());
      out.flush();
    }
    Files.move(half, file, StandardCopyOption.REPLACE_EXISTING);
  }

  /** Once the calibration is written, nobody goes on from here. */
  public void delete() throws IOException {
    Files.deleteIfExists(file);
  }
}
