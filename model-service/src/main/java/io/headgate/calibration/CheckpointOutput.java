package io.headgate.calibration;

import io.headgate.decomposition.Decomposition;
import io.headgate.detection.Reading;
import io.headgate.imaging.RgbImage;
import java.io.DataOutput;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.util.List;

/** Writes the values that a checkpoint is made of; {@link CheckpointInput} reads them. */
final class CheckpointOutput {
  private final DataOutputStream out;

  CheckpointOutput(OutputStream out) {
    this.out = new DataOutputStream(out);
  }

  /** Writes one value. */
  @FunctionalInterface
  interface Writer<T> {
    void write(CheckpointOutput out, T value) throws IOException;
  }

  DataOutput data() {
    return out;
  }

  void flush() throws IOException {
    out.flush();
  }

  void longs(long... values) throws IOException {
    out.writeInt(values.length);
    for (long value : values) {
      out.writeLong(value);
    }
  }

  void flags(boolean... values) throws IOException {
    out.writeInt(values.length);
    for (boolean value : values) {
      out.writeBoolean(value);
    }
  }

  void bytes(byte[] values) throws IOException {
    out.writeInt(values.length);
    out.write(values);
  }

  CheckpointOutput text(String value) throws IOException {
    out.writeUTF(value);
    return this;
  }

  <T> void list(List<T> values, Writer<T> writer) throws IOException {
    out.writeInt(values.size());
    for (T value : values) {
      writer.write(this, value);
    }
  }

  private void floats(float[] values) throws IOException {
    ByteBuffer bytes = ByteBuffer.allocate(Float.BYTES * values.length);
    bytes.asFloatBuffer().put(values);
    bytes(bytes.array());
  }

  void suspect(Suspect suspect) throws IOException {
    text(suspect.name()).text(suspect.label());
    out.writeBoolean(suspect.leftOut());
    out.writeDouble(suspect.score());
    out.writeDouble(suspect.limit());
  }

  void parts(Decomposition image) throws IOException {
    floats(image.embedding());
    floats(image.heads());
    floats(image.mlps());
    floats(new float[] {image.norm(), image.sigma()});
    floats(image.lastLayerTokens());
  }

  void image(RgbImage image) throws IOException {
    out.writeInt(image.width());
    out.writeInt(image.height());
    bytes(image.rgb());
  }

  void reading(Reading reading) throws IOException {
    out.writeInt(reading.predicted());
    floats(reading.classShares());
    floats(reading.selfShares());
    floats(reading.similarities());
    floats(reading.classSimilarities());
    floats(new float[] {reading.scale(), reading.tokenConcentration()});
    floats(reading.embedding());
  }
}
