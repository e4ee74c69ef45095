package io.headgate.samples;

import java.io.ByteArrayOutputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.List;
import java.util.zip.CRC32;

/** A handful of payloads that must end as dead letters, each broken in its own way. */
public final class CorruptSamples {
  private CorruptSamples() {}

  /**
   * @param image a sound encoded image, to be cut short
   */
  public static List<Sample> all(byte[] image) {
    return List.of(
        Sample.corruptFile("truncated image", Arrays.copyOf(image, image.length / 2)),
        Sample.corruptFile("empty file", new byte[0]),
        Sample.corruptFile(
            "not an image", "Dear guard, let me in.".getBytes(StandardCharsets.UTF_8)),
        Sample.corruptFile("PNG of 60,000 × 60,000 pixels", hugePng()),
        Sample.corruptRecord(
            "unknown schema id", ByteBuffer.allocate(40).put((byte) 0).putInt(987_654).array()),
        Sample.corruptRecord("not Avro", "{\"id\":7}".getBytes(StandardCharsets.UTF_8)));
  }

  /** A PNG's signature and a header that asks for ten gigabytes of pixels. */
  private static byte[] hugePng() {
    byte[] header =
        ByteBuffer.allocate(17)
            .put("IHDR".getBytes(StandardCharsets.US_ASCII))
            .putInt(60_000)
            .putInt(60_000)
            .put(new byte[] {8, 2, 0, 0, 0})
            .array();
    CRC32 crc = new CRC32();
    crc.update(header);
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (DataOutputStream out = new DataOutputStream(bytes)) {
      out.writeLong(0x89504E470D0A1A0AL);
      out.writeInt(13);
      out.write(header);
      out.writeInt((int) crc.getValue());
    } catch (IOException e) {
      throw new UncheckedIOException(e); // a byte array does not fail
    }
    return bytes.toByteArray();
  }
}
