package io.headgate.calibration;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Iterator;
import java.util.Map;
import java.util.TreeMap;

/**
 * The numbers of a calibration as safetensors in memory, F32 and U8 only: a calibration also
 * travels as a record of a topic, where there is no file to map.
 */
final class NumbersFile {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final int MAX_HEADER_BYTES = 16 << 20;

  private final Map<String, float[]> floats = new TreeMap<>();
  private final Map<String, long[]> shapes = new TreeMap<>();
  private final Map<String, byte[]> bytes = new TreeMap<>();

  NumbersFile put(String name, float[] values, long... shape) {
    floats.put(name, values);
    shapes.put(name, shape.length == 0 ? new long[] {values.length} : shape);
    return this;
  }

  NumbersFile put(String name, byte[] values, long... shape) {
    bytes.put(name, values);
    shapes.put(name, shape.length == 0 ? new long[] {values.length} : shape);
    return this;
  }

  float[] floats(String name) {
    float[] values = floats.get(name);
    if (values == null) {
      throw new IllegalArgumentException("no numbers named " + name);
    }
    return values;
  }

  byte[] bytes(String name) {
    byte[] values = bytes.get(name);
    if (values == null) {
      throw new IllegalArgumentException("no bytes named " + name);
    }
    return values;
  }

  boolean has(String name) {
    return floats.containsKey(name) || bytes.containsKey(name);
  }

  Map<String, float[]> floatsUnder(String prefix) {
    Map<String, float[]> found = new TreeMap<>();
    floats.forEach(
        (name, values) -> {
          if (name.startsWith(prefix)) {
            found.put(name.substring(prefix.length()), values);
          }
        });
    return found;
  }

  /** F32 tensors first, then U8, each by name: equal contents have equal bytes. */
  byte[] encode() {
    ObjectNode header = JSON.createObjectNode();
    long at = 0;
    for (Map.Entry<String, float[]> e : floats.entrySet()) {
      at = describe(header, e.getKey(), "F32", at, 4L * e.getValue().length);
    }
    for (Map.Entry<String, byte[]> e : bytes.entrySet()) {
      at = describe(header, e.getKey(), "U8", at, e.getValue().length);
    }
    byte[] text = header.toString().getBytes(StandardCharsets.UTF_8);
    int padded = (text.length + 7) / 8 * 8;
    ByteBuffer out =
        ByteBuffer.allocate(Math.toIntExact(8 + padded + at)).order(ByteOrder.LITTLE_ENDIAN);
    out.putLong(padded).put(text);
    while (out.position() < 8 + padded) {
      out.put((byte) ' ');
    }
    for (float[] values : floats.values()) {
      out.asFloatBuffer().put(values);
      out.position(out.position() + 4 * values.length);
    }
    for (byte[] values : bytes.values()) {
      out.put(values);
    }
    return out.array();
  }

  private long describe(ObjectNode header, String name, String dtype, long at, long size) {
    ObjectNode entry = header.putObject(name).put("dtype", dtype);
    for (long side : shapes.get(name)) {
      entry.withArray("shape").add(side);
    }
    entry.withArray("data_offsets").add(at).add(at + size);
    return at + size;
  }

  /**
   * @throws IllegalArgumentException if the bytes are no sound safetensors of F32 and U8
   */
  static NumbersFile decode(byte[] data) {
    ByteBuffer in = ByteBuffer.wrap(data).order(ByteOrder.LITTLE_ENDIAN);
    if (data.length < 8) {
      throw new IllegalArgumentException("%d bytes (expected: at least 8)".formatted(data.length));
    }
    long length = in.getLong();
    if (length < 2 || length > Math.min(MAX_HEADER_BYTES, data.length - 8)) {
      throw new IllegalArgumentException(
          "header of %d bytes in a file of %d".formatted(length, data.length));
    }
    JsonNode header;
    try {
      header = JSON.readTree(data, 8, (int) length);
    } catch (IOException e) {
      throw new IllegalArgumentException("header: " + e.getMessage(), e);
    }
    NumbersFile file = new NumbersFile();
    int start = 8 + (int) length;
    long end = 0;
    for (Iterator<Map.Entry<String, JsonNode>> i = header.fields(); i.hasNext(); ) {
      Map.Entry<String, JsonNode> e = i.next();
      if (e.getKey().equals("__metadata__")) {
        continue;
      }
      JsonNode entry = e.getValue();
      long from = entry.path("data_offsets").path(0).asLong(-1);
      long to = entry.path("data_offsets").path(1).asLong(-1);
      long elements = 1;
      long[] shape = new long[entry.path("shape").size()];
      for (int s = 0; s < shape.length; s++) {
        shape[s] = entry.path("shape").path(s).asLong(-1);
        if (shape[s] < 0 || shape[s] > Integer.MAX_VALUE) {
          throw new IllegalArgumentException(e.getKey() + ": bad shape");
        }
        elements = Math.multiplyExact(elements, shape[s]);
      }
      String dtype = entry.path("dtype").asText();
      int width = dtype.equals("F32") ? 4 : dtype.equals("U8") ? 1 : 0;
      if (width == 0
          || from < 0
          || to < from
          || to > data.length - start
          || to - from != elements * width) {
        throw new IllegalArgumentException(
            "%s: dtype %s, shape %s at [%d, %d) in %d bytes of data"
                .formatted(
                    e.getKey(), dtype, Arrays.toString(shape), from, to, data.length - start));
      }
      end = Math.max(end, to);
      int at = start + (int) from;
      if (width == 4) {
        float[] values = new float[(int) elements];
        ByteBuffer.wrap(data, at, (int) (to - from))
            .order(ByteOrder.LITTLE_ENDIAN)
            .asFloatBuffer()
            .get(values);
        file.put(e.getKey(), values, shape);
      } else {
        file.put(e.getKey(), Arrays.copyOfRange(data, at, start + (int) to), shape);
      }
    }
    if (end != data.length - start) {
      throw new IllegalArgumentException(
          "%d bytes of data (expected: %d)".formatted(data.length - start, end));
    }
    return file;
  }
}
