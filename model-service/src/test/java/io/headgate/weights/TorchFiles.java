package io.headgate.weights;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.TreeMap;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/** Writes archives as torch.save and torch.jit.save do, for tests. */
final class TorchFiles {
  private TorchFiles() {}

  /** Builds a pickle of protocol 2 opcode by opcode. */
  static final class Pickle {
    private final ByteArrayOutputStream out = new ByteArrayOutputStream();

    Pickle() {
      raw(0x80, 2);
    }

    Pickle raw(int... bytes) {
      for (int b : bytes) {
        out.write(b);
      }
      return this;
    }

    Pickle op(char opcode) {
      return raw(opcode);
    }

    Pickle text(String text) {
      byte[] utf8 = text.getBytes(StandardCharsets.UTF_8);
      return op('X').int32(utf8.length).bytes(utf8);
    }

    Pickle number(long value) {
      return raw(0x8a, 8).bytes(little(8).putLong(0, value).array());
    }

    Pickle global(String module, String name) {
      return op('c').bytes((module + "\n" + name + "\n").getBytes(StandardCharsets.UTF_8));
    }

    Pickle sizes(long... sizes) {
      op('(');
      for (long size : sizes) {
        number(size);
      }
      return op('t');
    }

    /** A tensor that is a view of a storage. */
    Pickle tensor(
        String storageType, String key, long elements, long offset, long[] shape, long[] strides) {
      global("torch._utils", "_rebuild_tensor_v2").op('(');
      op('(').text("storage").global("torch", storageType).text(key).text("cpu").number(elements);
      op('t').op('Q').number(offset).sizes(shape).sizes(strides).raw(0x89);
      return global("collections", "OrderedDict").op(')').op('R').op('t').op('R');
    }

    Pickle int32(int value) {
      return bytes(little(4).putInt(0, value).array());
    }

    Pickle bytes(byte[] bytes) {
      out.writeBytes(bytes);
      return this;
    }

    byte[] stop() {
      op('.');
      return out.toByteArray();
    }
  }

  private static ByteBuffer little(int bytes) {
    return ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }

  static byte[] floats(float[] data) {
    ByteBuffer bytes = little(4 * data.length);
    bytes.asFloatBuffer().put(data);
    return bytes.array();
  }

  static byte[] halves(float[] data) {
    ByteBuffer bytes = little(2 * data.length);
    for (float value : data) {
      bytes.putShort(Half.fromFloat(value));
    }
    return bytes.array();
  }

  /** A zip archive of stored entries. */
  static Path zip(Path file, Map<String, byte[]> entries) {
    try (OutputStream out = Files.newOutputStream(file);
        ZipOutputStream zip = new ZipOutputStream(out)) {
      for (Map.Entry<String, byte[]> entry : entries.entrySet()) {
        ZipEntry stored = new ZipEntry(entry.getKey());
        stored.setMethod(ZipEntry.STORED);
        stored.setSize(entry.getValue().length);
        CRC32 crc = new CRC32();
        crc.update(entry.getValue());
        stored.setCrc(crc.getValue());
        zip.putNextEntry(stored);
        zip.write(entry.getValue());
      }
      return file;
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /** A state_dict of F32 tensors, one storage each. */
  static Path checkpoint(Path file, Map<String, long[]> shapes, Map<String, float[]> weights) {
    Map<String, byte[]> entries = new LinkedHashMap<>();
    Pickle pickle = new Pickle().op('}').op('(');
    int key = 0;
    for (Map.Entry<String, float[]> entry : weights.entrySet()) {
      long[] shape = shapes.get(entry.getKey());
      pickle
          .text(entry.getKey())
          .tensor(
              "FloatStorage",
              "" + key,
              entry.getValue().length,
              0,
              shape,
              StridedView.rowMajorStrides(shape));
      entries.put("archive/data/" + key++, floats(entry.getValue()));
    }
    entries.put("archive/data.pkl", pickle.op('u').stop());
    return zip(file, entries);
  }

  /**
   * A TorchScript archive of F16 tensors: modules are objects of the given package, each MLP has a
   * module of class {@code gelu}.
   */
  static Path script(
      Path file, String modulePackage, String gelu, Map<String, WeightTensor> tensors) {
    Map<String, byte[]> entries = new LinkedHashMap<>();
    Map<String, Object> root = new TreeMap<>();
    int key = 0;
    for (WeightTensor tensor : tensors.values()) {
      put(root, tensor.name(), Map.entry("" + key, tensor));
      entries.put("m/data/" + key++, halves(tensor.toFloats()));
    }
    Pickle pickle = new Pickle();
    module(pickle, modulePackage, "Multimodal", gelu, root);
    entries.put("m/data.pkl", pickle.stop());
    entries.put("m/constants.pkl", new Pickle().op(')').stop());
    return zip(file, entries);
  }

  @SuppressWarnings("unchecked")
  private static void put(Map<String, Object> module, String name, Object value) {
    int dot = name.indexOf('.');
    if (dot < 0) {
      module.put(name, value);
    } else {
      Object inner = module.computeIfAbsent(name.substring(0, dot), n -> new TreeMap<>());
      put((Map<String, Object>) inner, name.substring(dot + 1), value);
    }
  }

  @SuppressWarnings("unchecked")
  private static void module(
      Pickle pickle, String inPackage, String type, String gelu, Map<String, Object> attributes) {
    pickle.global(inPackage, type).op(')').raw(0x81).op('}').op('(');
    pickle.text("training").raw(0x88);
    attributes.forEach(
        (name, value) -> {
          pickle.text(name);
          if (value instanceof Map<?, ?> inner) {
            Map<String, Object> module = (Map<String, Object>) inner;
            module(pickle, inPackage, "Module", gelu, module);
            if (module.containsKey("c_fc")) {
              pickle.text(name + "_gelu").global(inPackage, gelu).op(')').raw(0x81).op('}').op('b');
            }
          } else {
            Map.Entry<String, WeightTensor> tensor = (Map.Entry<String, WeightTensor>) value;
            long[] shape = tensor.getValue().shape();
            pickle.tensor(
                "HalfStorage",
                tensor.getKey(),
                tensor.getValue().elements(),
                0,
                shape,
                StridedView.rowMajorStrides(shape));
          }
        });
    pickle.op('u').op('b');
  }
}
