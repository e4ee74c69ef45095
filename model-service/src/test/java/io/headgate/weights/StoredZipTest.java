package io.headgate.weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StoredZipTest {
  @TempDir Path temp;
  private byte[] bytes;
  private MappedFile opened;

  @AfterEach
  void close() {
    if (opened != null) {
      opened.close();
    }
  }

  @BeforeEach
  void writeAnArchiveOfTwoEntries() throws IOException {
    Map<String, byte[]> entries = new LinkedHashMap<>();
    entries.put("a", new byte[] {1, 2, 3});
    entries.put("b", new byte[] {4, 5});
    bytes = Files.readAllBytes(TorchFiles.zip(temp.resolve("whole"), entries));
  }

  private StoredZip read(byte[] archive) throws IOException {
    Path file = Files.createTempFile(temp, "z", ".pt");
    opened = MappedFile.open(Files.write(file, archive));
    return StoredZip.read(opened);
  }

  private ByteBuffer edit() {
    return ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }

  /** Position of the nth central entry. */
  private int central(int n) {
    int at = edit().getInt(bytes.length - 6);
    for (int i = 0; i < n; i++) {
      at += 46 + 1 + edit().getShort(at + 30);
    }
    return at;
  }

  private void assertRefused(String message) {
    assertThatThrownBy(() -> read(bytes))
        .isInstanceOf(WeightsException.class)
        .hasMessageContaining(message);
  }

  @Test
  void findsTheBytesOfEntries() throws IOException {
    StoredZip zip = read(bytes);

    assertThat(zip.names()).containsExactlyInAnyOrder("a", "b");
    assertThat(zip.bytes("a", 10)).containsExactly(1, 2, 3);
    assertThat(zip.bytes("b", 10)).containsExactly(4, 5);
    assertThatThrownBy(() -> zip.bytes("a", 2)).hasMessageContaining("entry a: 3 bytes");
    assertThatThrownBy(() -> zip.bytes("c", 2)).hasMessageContaining("no entry c");
  }

  @Test
  void readsArchivesWithAComment() throws IOException {
    byte[] longer = Arrays.copyOf(bytes, bytes.length + 5);
    ByteBuffer.wrap(longer).order(ByteOrder.LITTLE_ENDIAN).putShort(bytes.length - 2, (short) 5);

    assertThat(read(longer).names()).hasSize(2);
  }

  @Test
  void readsTheZip64Directory() throws IOException {
    assertThat(read(zip64(0)).bytes("b", 10)).containsExactly(4, 5);
  }

  @Test
  void refusesTwoDirectoriesThatDiffer() {
    assertThatThrownBy(() -> read(zip64(1)))
        .isInstanceOf(WeightsException.class)
        .hasMessageContaining("two directories that differ");
  }

  /** The same archive with a zip64 directory, whose number of entries is off by so much. */
  private byte[] zip64(int off) throws IOException {
    int end = bytes.length - 22;
    ByteBuffer wide = ByteBuffer.allocate(76).order(ByteOrder.LITTLE_ENDIAN);
    wide.putInt(0x06064b50).putLong(44).putShort((short) 45).putShort((short) 45);
    wide.putInt(0).putInt(0).putLong(2 + off).putLong(2 + off);
    wide.putLong(end - central(0)).putLong(central(0));
    wide.putInt(0x07064b50).putInt(0).putLong(end).putInt(1);
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.write(bytes, 0, end);
    out.write(wide.array());
    out.write(bytes, end, 22);
    return out.toByteArray();
  }

  @Test
  void refusesEncryptedEntries() {
    edit().putShort(central(0) + 8, (short) 1);

    assertRefused("entry a is encrypted");
  }

  @Test
  void refusesEntriesThatOverlap() {
    edit().putInt(central(0) + 20, 3 + 20).putInt(central(0) + 24, 3 + 20);

    assertRefused("entries a and b overlap");
  }

  @Test
  void refusesEntriesOutsideTheArchive() {
    edit().putInt(central(0) + 20, 1 << 20).putInt(central(0) + 24, 1 << 20);
    assertRefused("entry a: 1,048,576 bytes lie outside");

    edit().putInt(central(0) + 42, 1 << 20);
    assertRefused("entry a lies outside");
  }

  @Test
  void refusesTwoEntriesOfOneName() {
    bytes[central(1) + 46] = 'a';
    bytes[edit().getInt(central(1) + 42) + 30] = 'a';

    assertRefused("two entries named a");
  }

  @Test
  void refusesALocalHeaderOfAnotherName() {
    bytes[edit().getInt(central(1) + 42) + 30] = 'c';

    assertRefused("entry b: its local header does not match");
  }

  @Test
  void refusesStoredEntriesOfTwoSizes() {
    edit().putInt(central(0) + 24, 4);

    assertRefused("entry a: stored, but of two sizes, 4 and 3");
  }

  @Test
  void refusesADirectoryOutsideTheFile() {
    edit().putInt(bytes.length - 6, 1 << 20);

    assertRefused("zip directory outside the file");
  }

  @Test
  void refusesFilesWithoutADirectory() {
    bytes = "PK\3\4 and nothing else of a zip archive".getBytes(StandardCharsets.US_ASCII);

    assertRefused("without its directory");
  }
}
