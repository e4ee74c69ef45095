package io.headgate.calibration;

import io.headgate.decomposition.Decomposition;
import io.headgate.decomposition.ModelShape;
import io.headgate.detection.Reading;
import io.headgate.imaging.RgbImage;
import java.io.DataInput;
import java.io.DataInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;

/** Reads what {@link CheckpointOutput} wrote. */
final class CheckpointInput {
  private final DataInputStream in;

  CheckpointInput(InputStream in) {
    this.in = new DataInputStream(in);
  }

  /** Reads one value. */
  @FunctionalInterface
  interface Reader<T> {
    T read(CheckpointInput in) throws IOException;
  }

  DataInput data() {
    return in;
  }

  long[] longs() throws IOException {
    long[] values = new long[in.readInt()];
    for (int i = 0; i < values.length; i++) {
      values[i] = in.readLong();
    }
    return values;
  }

  boolean[] flags() throws IOException {
    boolean[] values = new boolean[in.readInt()];
    for (int i = 0; i < values.length; i++) {
      values[i] = in.readBoolean();
    }
    return values;
  }

  byte[] bytes() throws IOException {
    byte[] values = new byte[in.readInt()];
    in.readFully(values);
    return values;
  }

  String text() throws IOException {
    return in.readUTF();
  }

  <T> List<T> list(Reader<T> reader) throws IOException {
    int size = in.readInt();
    List<T> values = new ArrayList<>(size);
    for (int i = 0; i < size; i++) {
      values.add(reader.read(this));
    }
    return values;
  }

  private float[] floats() throws IOException {
    ByteBuffer bytes = ByteBuffer.wrap(bytes());
    float[] values = new float[bytes.remaining() / Float.BYTES];
    bytes.asFloatBuffer().get(values);
    return values;
  }

  Suspect suspect() throws IOException {
    String name = text();
    String label = text();
    return new Suspect(name, in.readBoolean(), in.readDouble(), in.readDouble(), label);
  }

  Decomposition parts(ModelShape shape) throws IOException {
    float[] embedding = floats();
    float[] heads = floats();
    float[] mlps = floats();
    float[] scale = floats();
    return new Decomposition(shape, embedding, heads, mlps, scale[0], scale[1], floats());
  }

  RgbImage image() throws IOException {
    return new RgbImage(in.readInt(), in.readInt(), bytes());
  }

  Reading reading() throws IOException {
    int predicted = in.readInt();
    float[] classShares = floats();
    float[] selfShares = floats();
    float[] similarities = floats();
    float[] classSimilarities = floats();
    float[] scalars = floats();
    return new Reading(
        predicted,
        classShares,
        selfShares,
        similarities,
        classSimilarities,
        scalars[0],
        scalars[1],
        floats());
  }
}
