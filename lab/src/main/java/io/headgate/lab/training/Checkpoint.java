package io.headgate.lab.training;

import io.headgate.console.UserException;
import java.io.BufferedInputStream;
import java.io.BufferedOutputStream;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.EOFException;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;

/**
 * Where an interrupted training run goes on: the recipe, the steps done, parameters and AdamW's
 * state. Replaced atomically.
 *
 * @param recipe as text, compared on resume
 * @param steps done
 * @param state by name, as {@link TrainingModel#state()} gives it
 */
record Checkpoint(String recipe, int steps, Map<String, float[]> state) {
  static final String FILE = "checkpoint.bin";
  private static final int MAGIC = 0x48474331; // HGC1

  void write(Path folder) throws IOException {
    Path temporary = folder.resolve(FILE + ".tmp");
    try (DataOutputStream out =
        new DataOutputStream(new BufferedOutputStream(Files.newOutputStream(temporary)))) {
      out.writeInt(MAGIC);
      out.writeUTF(recipe);
      out.writeInt(steps);
      out.writeInt(state.size());
      for (Map.Entry<String, float[]> e : state.entrySet()) {
        out.writeUTF(e.getKey());
        ByteBuffer bytes = ByteBuffer.allocate(4 * e.getValue().length);
        bytes.asFloatBuffer().put(e.getValue());
        out.writeInt(e.getValue().length);
        out.write(bytes.array());
      }
    }
    Files.move(
        temporary,
        folder.resolve(FILE),
        StandardCopyOption.ATOMIC_MOVE,
        StandardCopyOption.REPLACE_EXISTING);
  }

  /**
   * @throws UserException if the file is damaged
   */
  static Optional<Checkpoint> read(Path folder) throws IOException {
    Path file = folder.resolve(FILE);
    if (!Files.exists(file)) {
      return Optional.empty();
    }
    long size = Files.size(file);
    try (DataInputStream in =
        new DataInputStream(new BufferedInputStream(Files.newInputStream(file)))) {
      if (in.readInt() != MAGIC) {
        throw new UserException(
            "%s: not a checkpoint of 'headgate lab' — delete it to start afresh".formatted(file));
      }
      String recipe = in.readUTF();
      int steps = in.readInt();
      int entries = in.readInt();
      Map<String, float[]> state = new LinkedHashMap<>();
      for (int i = 0; i < entries; i++) {
        String name = in.readUTF();
        int n = in.readInt();
        if (n < 0 || 4L * n > size) {
          throw new EOFException();
        }
        byte[] bytes = new byte[4 * n];
        in.readFully(bytes);
        float[] values = new float[n];
        ByteBuffer.wrap(bytes).asFloatBuffer().get(values);
        state.put(name, values);
      }
      return Optional.of(new Checkpoint(recipe, steps, state));
    } catch (EOFException e) {
      throw new UserException(
          "%s: truncated (%d bytes) — delete it to start afresh".formatted(file, size), e);
    }
  }
}
