package io.headgate.weights;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.headgate.console.UserException;
import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.UUID;

/**
 * Collects tensors and writes them as one safetensors file. What is added is converted and copied
 * at once. The same tensors give the same bytes, in whatever order they were added. For one thread.
 */
public final class SafetensorsWriter {
  private static final JsonMapper JSON = new JsonMapper();
  private static final int PREFIX_BYTES = 8;
  private static final int ALIGNMENT = 8;

  private record Entry(String name, DType dtype, long[] shape, byte[] bytes) {}

  private final Map<String, Entry> entries = new LinkedHashMap<>();
  private final Map<String, String> metadata = new TreeMap<>();

  /** Adds a free-form text to the header. */
  public SafetensorsWriter metadata(String key, String value) {
    metadata.put(key, value);
    return this;
  }

  /** Adds an F32 tensor; see {@link #floats(String, DType, long[], float[])}. */
  public SafetensorsWriter floats(String name, long[] shape, float[] data) {
    return floats(name, DType.F32, shape, data);
  }

  /**
   * Adds a tensor of a floating type, rounding to the nearest, ties to even.
   *
   * @param dtype F64, F32, F16 or BF16
   * @param data row-major, as many as the shape says
   * @throws IllegalArgumentException if type, name or number of elements do not fit
   */
  public SafetensorsWriter floats(String name, DType dtype, long[] shape, float[] data) {
    ByteBuffer bytes = buffer(name, dtype, shape, data.length);
    for (float value : data) {
      switch (dtype) {
        case F64 -> bytes.putDouble(value);
        case F32 -> bytes.putFloat(value);
        case F16 -> bytes.putShort(Half.fromFloat(value));
        case BF16 -> bytes.putShort(bfloat16(value));
        default ->
            throw new IllegalArgumentException(
                "tensor %s: %s (expected: a floating type)".formatted(name, dtype));
      }
    }
    return add(name, dtype, shape, bytes.array());
  }

  /** Adds an I64 tensor. */
  public SafetensorsWriter longs(String name, long[] shape, long[] data) {
    ByteBuffer bytes = buffer(name, DType.I64, shape, data.length);
    bytes.asLongBuffer().put(data);
    return add(name, DType.I64, shape, bytes.array());
  }

  /** Adds a U8 tensor. */
  public SafetensorsWriter bytes(String name, long[] shape, byte[] data) {
    return stored(name, DType.U8, shape, data);
  }

  /**
   * Adds a tensor as it is stored.
   *
   * @param data row-major, little-endian
   * @throws IllegalArgumentException if name or number of bytes do not fit
   */
  public SafetensorsWriter stored(String name, DType dtype, long[] shape, byte[] data) {
    if (data.length % dtype.bytes() != 0) {
      throw new IllegalArgumentException(
          "tensor %s: %d bytes (expected: a multiple of %d)"
              .formatted(name, data.length, dtype.bytes()));
    }
    buffer(name, dtype, shape, data.length / dtype.bytes());
    return add(name, dtype, shape, data.clone());
  }

  private static ByteBuffer buffer(String name, DType dtype, long[] shape, int elements) {
    long expected = 1;
    for (long size : shape) {
      expected = Math.multiplyExact(expected, size);
    }
    if (expected != elements || Arrays.stream(shape).anyMatch(s -> s < 0)) {
      throw new IllegalArgumentException(
          "tensor %s: %d elements (expected: %d, of shape %s)"
              .formatted(name, elements, expected, Arrays.toString(shape)));
    }
    return ByteBuffer.allocate(Math.multiplyExact(elements, dtype.bytes()))
        .order(ByteOrder.LITTLE_ENDIAN);
  }

  private SafetensorsWriter add(String name, DType dtype, long[] shape, byte[] bytes) {
    if (name.equals(SafetensorsHeader.METADATA) || entries.containsKey(name)) {
      throw new IllegalArgumentException("tensor %s (expected: a name of its own)".formatted(name));
    }
    entries.put(name, new Entry(name, dtype, shape.clone(), bytes));
    return this;
  }

  private static short bfloat16(float value) {
    int bits = Float.floatToRawIntBits(value);
    if (Float.isNaN(value)) {
      return (short) (bits >>> 16 | 0x40);
    }
    return (short) (bits + 0x7fff + (bits >>> 16 & 1) >>> 16);
  }

  /**
   * Writes the file, all of it or none: it appears under its name only when complete, and replaces
   * what was there.
   *
   * @throws UserException if it cannot be written
   */
  public void write(Path file) {
    requireFolder(file);
    Path unfinished = file.resolveSibling(file.getFileName() + "." + UUID.randomUUID() + ".tmp");
    try {
      try {
        try (OutputStream out =
            new BufferedOutputStream(
                Files.newOutputStream(unfinished, StandardOpenOption.CREATE_NEW))) {
          write(out);
        }
        Files.move(unfinished, file, StandardCopyOption.REPLACE_EXISTING);
      } finally {
        Files.deleteIfExists(unfinished);
      }
    } catch (IOException e) {
      throw new UserException(
          "%s: cannot be written: %s (expected: a place for a file, and room for it)"
              .formatted(file, e.getMessage()),
          e);
    }
  }

  /**
   * Makes sure, before the work for it begins, that there is a folder for a file.
   *
   * @throws UserException if not
   */
  public static void requireFolder(Path file) {
    Path folder = file.toAbsolutePath().getParent();
    if (folder == null || !Files.isDirectory(folder) || !Files.isWritable(folder)) {
      throw new UserException(
          "%s: cannot be written (expected: a folder that exists and may be written to)"
              .formatted(file));
    }
  }

  private void write(OutputStream out) throws IOException {
    // Largest elements first keeps every tensor aligned to its own element size.
    List<Entry> sorted = new ArrayList<>(entries.values());
    sorted.sort(Comparator.comparingInt((Entry e) -> -e.dtype.bytes()).thenComparing(Entry::name));
    byte[] header = header(sorted);
    int padding = -(PREFIX_BYTES + header.length) & ALIGNMENT - 1;
    ByteBuffer prefix = ByteBuffer.allocate(PREFIX_BYTES).order(ByteOrder.LITTLE_ENDIAN);
    out.write(prefix.putLong(0, header.length + padding).array());
    out.write(header);
    out.write(" ".repeat(padding).getBytes(StandardCharsets.US_ASCII));
    for (Entry entry : sorted) {
      out.write(entry.bytes);
    }
  }

  private byte[] header(List<Entry> sorted) throws IOException {
    ObjectNode header = JSON.createObjectNode();
    if (!metadata.isEmpty()) {
      ObjectNode texts = header.putObject(SafetensorsHeader.METADATA);
      metadata.forEach(texts::put);
    }
    long at = 0;
    for (Entry entry : sorted) {
      ObjectNode node = header.putObject(entry.name);
      node.put("dtype", entry.dtype.name());
      var shape = node.putArray("shape");
      Arrays.stream(entry.shape).forEach(shape::add);
      node.putArray("data_offsets").add(at).add(at + entry.bytes.length);
      at += entry.bytes.length;
    }
    return JSON.writeValueAsBytes(header);
  }
}
