package io.headgate.weights;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.LongStream;

/** CLIPs of any size for tests: their tensors' names and shapes, and files of them. */
final class TestModels {
  static final Path FIXTURES = Path.of("src/test/resources/fixtures");

  private TestModels() {}

  /** Sizes of a CLIP; {@code textWidth} 0 for none. */
  record Sizes(
      int image,
      int patch,
      int layers,
      int width,
      int headWidth,
      int embedding,
      int textLayers,
      int textWidth,
      int context,
      int vocabulary) {
    static final Sizes MINIATURE = new Sizes(4, 2, 1, 4, 2, 3, 1, 4, 5, 7);
    static final Sizes B32 = new Sizes(224, 32, 12, 768, 64, 512, 12, 512, 77, 49408);
    static final Sizes B16 = new Sizes(224, 16, 12, 768, 64, 512, 12, 512, 77, 49408);
    static final Sizes L14 = new Sizes(224, 14, 24, 1024, 64, 768, 12, 768, 77, 49408);
    static final Sizes L14_336 = new Sizes(336, 14, 24, 1024, 64, 768, 12, 768, 77, 49408);
    static final Sizes H14 = new Sizes(224, 14, 32, 1280, 80, 1024, 24, 1024, 77, 49408);
  }

  /** Canonical names and shapes. */
  static Map<String, long[]> shapes(Sizes s) {
    Map<String, long[]> shapes = new LinkedHashMap<>();
    long grid = s.image / s.patch;
    shapes.put("visual.class_embedding", new long[] {s.width});
    shapes.put("visual.positional_embedding", new long[] {grid * grid + 1, s.width});
    shapes.put("visual.conv1.weight", new long[] {s.width, 3, s.patch, s.patch});
    layerNorm(shapes, "visual.ln_pre", s.width);
    layerNorm(shapes, "visual.ln_post", s.width);
    shapes.put("visual.proj", new long[] {s.width, s.embedding});
    tower(shapes, "visual.", s.layers, s.width);
    if (s.textWidth > 0) {
      shapes.put("token_embedding.weight", new long[] {s.vocabulary, s.textWidth});
      shapes.put("positional_embedding", new long[] {s.context, s.textWidth});
      layerNorm(shapes, "ln_final", s.textWidth);
      shapes.put("text_projection", new long[] {s.textWidth, s.embedding});
      shapes.put("logit_scale", new long[0]);
      tower(shapes, "", s.textLayers, s.textWidth);
    }
    return shapes;
  }

  private static void tower(Map<String, long[]> shapes, String prefix, int layers, long width) {
    for (int i = 0; i < layers; i++) {
      String block = prefix + "transformer.resblocks." + i + ".";
      layerNorm(shapes, block + "ln_1", width);
      shapes.put(block + "attn.in_proj_weight", new long[] {3 * width, width});
      shapes.put(block + "attn.in_proj_bias", new long[] {3 * width});
      shapes.put(block + "attn.out_proj.weight", new long[] {width, width});
      shapes.put(block + "attn.out_proj.bias", new long[] {width});
      layerNorm(shapes, block + "ln_2", width);
      shapes.put(block + "mlp.c_fc.weight", new long[] {4 * width, width});
      shapes.put(block + "mlp.c_fc.bias", new long[] {4 * width});
      shapes.put(block + "mlp.c_proj.weight", new long[] {width, 4 * width});
      shapes.put(block + "mlp.c_proj.bias", new long[] {width});
    }
  }

  private static void layerNorm(Map<String, long[]> shapes, String name, long width) {
    shapes.put(name + ".weight", new long[] {width});
    shapes.put(name + ".bias", new long[] {width});
  }

  static long elements(long[] shape) {
    return LongStream.of(shape).reduce(1, (a, b) -> a * b);
  }

  /** Random weights, the same for the same seed. */
  static Map<String, float[]> random(Map<String, long[]> shapes, long seed) {
    Random random = new Random(seed);
    Map<String, float[]> weights = new LinkedHashMap<>();
    shapes.forEach(
        (name, shape) -> {
          float[] data = new float[(int) elements(shape)];
          for (int i = 0; i < data.length; i++) {
            data[i] = random.nextFloat() - 0.5f;
          }
          weights.put(name, data);
        });
    return weights;
  }

  /** A safetensors file of the miniature with random weights. */
  static SafetensorsWriter miniature() {
    Map<String, long[]> shapes = shapes(Sizes.MINIATURE);
    SafetensorsWriter writer = new SafetensorsWriter();
    random(shapes, 1).forEach((name, data) -> writer.floats(name, shapes.get(name), data));
    return writer;
  }

  static final WeightsOptions MINIATURE_OPTIONS = WeightsOptions.of(Activation.GELU, 2);

  /** A file with a full header and nothing but a hole of zeros for data. */
  static void writeSparse(Path file, Map<String, long[]> shapes, DType dtype) {
    StringBuilder header = new StringBuilder("{");
    long at = 0;
    for (Map.Entry<String, long[]> entry : shapes.entrySet()) {
      long end = at + elements(entry.getValue()) * dtype.bytes();
      header.append(at == 0 ? "" : ",");
      header.append(
          "\"%s\":{\"dtype\":\"%s\",\"shape\":[%s],\"data_offsets\":[%d,%d]}"
              .formatted(
                  entry.getKey(),
                  dtype,
                  LongStream.of(entry.getValue())
                      .mapToObj(Long::toString)
                      .collect(Collectors.joining(",")),
                  at,
                  end));
      at = end;
    }
    byte[] bytes = header.append("}").toString().getBytes(StandardCharsets.UTF_8);
    try (RandomAccessFile out = new RandomAccessFile(file.toFile(), "rw")) {
      out.write(
          ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(0, bytes.length).array());
      out.write(bytes);
      out.setLength(8 + bytes.length + at);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** A safetensors file with this header, word for word, and so many bytes of data. */
  static Path writeRaw(Path file, String header, int dataBytes) {
    byte[] json = header.getBytes(StandardCharsets.UTF_8);
    ByteBuffer bytes =
        ByteBuffer.allocate(8 + json.length + dataBytes).order(ByteOrder.LITTLE_ENDIAN);
    bytes.putLong(json.length).put(json);
    try {
      return Files.write(file, bytes.array());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
