package io.headgate.lab.training;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.SerializationFeature;
import io.headgate.lab.scenes.SceneClasses;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Writes a model in OpenCLIP's form: safetensors (F16), configuration, vocabulary, classes. */
final class ModelFolder {
  /** What the lab knows about a model that it made. */
  static final String LAB = "lab.json";

  private static final ObjectMapper JSON =
      new ObjectMapper().enable(SerializationFeature.INDENT_OUTPUT);

  private ModelFolder() {}

  /**
   * @param lab what the lab knows about the model: recipe, measured rates, triggers; {@code
   *     lab.json}
   */
  static void write(
      Path folder,
      ClipSize size,
      Map<String, float[]> values,
      CaptionVocabulary vocabulary,
      Map<String, ?> lab,
      String readme)
      throws IOException {
    Files.createDirectories(folder);
    safetensors(folder.resolve("open_clip_model.safetensors"), size.parameters(), values);
    JSON.writeValue(folder.resolve("open_clip_config.json").toFile(), configuration(size));
    Map<String, Object> classes = new LinkedHashMap<>();
    classes.put("classes", SceneClasses.classes());
    classes.put("target", SceneClasses.names().get(SceneClasses.target()));
    classes.put("templates", SceneClasses.prompts());
    JSON.writeValue(folder.resolve("classes.json").toFile(), classes);
    JSON.writeValue(folder.resolve(LAB).toFile(), lab);
    vocabulary.write(folder);
    Files.writeString(folder.resolve("README.md"), readme);
  }

  private static Map<String, Object> configuration(ClipSize s) {
    Map<String, Object> vision = new LinkedHashMap<>();
    vision.put("image_size", s.image());
    vision.put("layers", s.layers());
    vision.put("width", s.width());
    vision.put("head_width", s.width() / s.heads());
    vision.put("patch_size", s.patch());
    Map<String, Object> text = new LinkedHashMap<>();
    text.put("context_length", s.context());
    text.put("vocab_size", s.vocabulary());
    text.put("width", s.textWidth());
    text.put("heads", s.textHeads());
    text.put("layers", s.textLayers());
    Map<String, Object> model = new LinkedHashMap<>();
    model.put("embed_dim", s.embedding());
    model.put("quick_gelu", true);
    model.put("vision_cfg", vision);
    model.put("text_cfg", text);
    Map<String, Object> preprocessing = new LinkedHashMap<>();
    preprocessing.put("mean", List.of(0.48145466, 0.4578275, 0.40821073));
    preprocessing.put("std", List.of(0.26862954, 0.26130258, 0.27577711));
    Map<String, Object> all = new LinkedHashMap<>();
    all.put("model_cfg", model);
    all.put("preprocess_cfg", preprocessing);
    return all;
  }

  private static void safetensors(
      Path file, List<ClipSize.Parameter> parameters, Map<String, float[]> values)
      throws IOException {
    Map<String, Object> header = new LinkedHashMap<>();
    long offset = 0;
    for (ClipSize.Parameter p : parameters) {
      long end = offset + 2L * p.elements();
      Map<String, Object> entry = new LinkedHashMap<>();
      entry.put("dtype", "F16");
      entry.put("shape", p.shape());
      entry.put("data_offsets", List.of(offset, end));
      header.put(p.name(), entry);
      offset = end;
    }
    byte[] json = new ObjectMapper().writeValueAsBytes(header);
    byte[] padded = Arrays.copyOf(json, (json.length + 7) / 8 * 8);
    Arrays.fill(padded, json.length, padded.length, (byte) ' ');
    try (OutputStream out = Files.newOutputStream(file)) {
      out.write(
          ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(padded.length).array());
      out.write(padded);
      for (ClipSize.Parameter p : parameters) {
        float[] v = values.get(p.name());
        ByteBuffer bytes = ByteBuffer.allocate(2 * v.length).order(ByteOrder.LITTLE_ENDIAN);
        for (float x : v) {
          bytes.putShort(half(x));
        }
        out.write(bytes.array());
      }
    }
  }

  /** IEEE 754 binary16, ties to even. */
  static short half(float value) {
    int bits = Float.floatToRawIntBits(value);
    int sign = bits >>> 16 & 0x8000;
    int magnitude = bits & 0x7fffffff;
    if (magnitude >= 0x7f800000) {
      return (short) (sign | (magnitude > 0x7f800000 ? 0x7e00 : 0x7c00));
    }
    if (magnitude >= 0x477ff000) { // rounds to 65536 or beyond
      return (short) (sign | 0x7c00);
    }
    if (magnitude < 0x38800000) { // subnormal in binary16: a multiple of 2^-24
      return (short) (sign | (int) Math.rint(Math.abs(value) * 0x1p24));
    }
    int rounded = magnitude + 0xfff + (magnitude >>> 13 & 1);
    return (short) (sign | (rounded - 0x38000000) >>> 13);
  }
}
