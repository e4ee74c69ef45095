package io.headgate.lab.training;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/** Packs TorchScript methods into the archive that {@code torch::jit::load} reads. */
final class ScriptArchive {
  private static final String HEAD =
      "class M(Module):\n  __parameters__ = []\n  __buffers__ = []\n  training : bool\n";

  /** Pickle, protocol 2: an object of {@code __torch__.M} with {@code training = False}. */
  private static final String OBJECT =
      "\u0080\u0002c__torch__\nM\n)\u0081}(X\u0008\u0000\u0000\u0000training\u0089ub.";

  /** Pickle, protocol 2: an empty tuple. */
  private static final String EMPTY = "\u0080\u0002).";

  private ScriptArchive() {}

  static byte[] ofResource(String name) {
    try (InputStream in = ScriptArchive.class.getResourceAsStream(name)) {
      String methods = new String(in.readAllBytes(), StandardCharsets.UTF_8);
      ByteArrayOutputStream bytes = new ByteArrayOutputStream();
      try (ZipOutputStream zip = new ZipOutputStream(bytes)) {
        put(zip, "m/data.pkl", OBJECT.getBytes(StandardCharsets.ISO_8859_1));
        put(zip, "m/code/__torch__.py", (HEAD + methods).getBytes(StandardCharsets.UTF_8));
        put(zip, "m/constants.pkl", EMPTY.getBytes(StandardCharsets.ISO_8859_1));
        put(zip, "m/version", "3\n".getBytes(StandardCharsets.US_ASCII));
        put(zip, "m/byteorder", "little".getBytes(StandardCharsets.US_ASCII));
      }
      return bytes.toByteArray();
    } catch (IOException e) {
      throw new UncheckedIOException(name, e);
    }
  }

  private static void put(ZipOutputStream zip, String name, byte[] content) throws IOException {
    ZipEntry entry = new ZipEntry(name);
    entry.setMethod(ZipEntry.STORED);
    entry.setSize(content.length);
    CRC32 crc = new CRC32();
    crc.update(content);
    entry.setCrc(crc.getValue());
    zip.putNextEntry(entry);
    zip.write(content);
    zip.closeEntry();
  }
}
