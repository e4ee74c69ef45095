package io.headgate.clip;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.zip.CRC32;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/**
 * Writes a TorchScript archive that holds code only, as {@code torch::jit::load} reads it: a STORED
 * zip of the source of one class, a pickle that makes one instance of it, and no weights.
 */
public final class ScriptArchive {
  /** Pickle protocol 2: GLOBAL __torch__.Model, (), NEWOBJ, {training: False}, BUILD, STOP. */
  private static final String INSTANCE =
      "\u0080\u0002c__torch__\nModel\n)\u0081}(X\u0008\u0000\u0000\u0000training\u0089ub.";

  /** Pickle protocol 2: (), STOP. */
  private static final String NO_CONSTANTS = "\u0080\u0002).";

  /** torch's produced file format version since 1.10, so that no operator gets upgraded. */
  private static final String VERSION = "10\n";

  private ScriptArchive() {}

  /**
   * @param methods Python source of the class's methods, each {@code def} at the start of a line
   */
  public static byte[] of(String methods) {
    StringBuilder code =
        new StringBuilder(
            "class Model(Module):\n  __parameters__ = []\n  __buffers__ = []\n  training : bool\n");
    methods.lines().forEach(line -> code.append("  ").append(line).append('\n'));
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ZipOutputStream zip = new ZipOutputStream(bytes)) {
      store(zip, "headgate/data.pkl", INSTANCE.getBytes(StandardCharsets.ISO_8859_1));
      store(zip, "headgate/code/__torch__.py", code.toString().getBytes(StandardCharsets.UTF_8));
      store(zip, "headgate/constants.pkl", NO_CONSTANTS.getBytes(StandardCharsets.ISO_8859_1));
      store(zip, "headgate/version", VERSION.getBytes(StandardCharsets.US_ASCII));
      store(zip, "headgate/byteorder", "little".getBytes(StandardCharsets.US_ASCII));
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return bytes.toByteArray();
  }

  private static void store(ZipOutputStream zip, String name, byte[] content) throws IOException {
    CRC32 crc = new CRC32();
    crc.update(content);
    ZipEntry entry = new ZipEntry(name);
    entry.setMethod(ZipEntry.STORED);
    entry.setSize(content.length);
    entry.setCrc(crc.getValue());
    zip.putNextEntry(entry);
    zip.write(content);
    zip.closeEntry();
  }
}
