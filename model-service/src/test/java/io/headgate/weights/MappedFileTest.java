package io.headgate.weights;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class MappedFileTest {
  private static final long SIZE = 300L << 20;
  private static final int WINDOW = 16 << 20;

  @TempDir Path temp;
  private Path file;

  /** Nineteen windows, more than are mapped at a time, with a mark around each border. */
  @BeforeEach
  void writeALargeFile() throws IOException {
    file = temp.resolve("large");
    try (RandomAccessFile out = new RandomAccessFile(file.toFile(), "rw")) {
      out.setLength(SIZE);
      for (long border = 0; border < SIZE; border += WINDOW) {
        out.seek(Math.max(0, border - 3));
        out.write(new byte[] {1, 2, 3, 4, 5, 6, 7, 8});
      }
    }
  }

  @Test
  void readsAcrossTheBordersOfWindows() {
    try (MappedFile mapped = MappedFile.open(file)) {
      for (long border = SIZE / WINDOW * WINDOW; border > 0; border -= WINDOW) {
        assertThat(mapped.read(border - 4, 10)).containsExactly(0, 1, 2, 3, 4, 5, 6, 7, 8, 0);
      }
      assertThat(mapped.read(SIZE - 1, 1)).containsExactly(0);
    }
  }

  @Test
  void gathersElementsThatStraddleWindows() {
    ByteBuffer into = ByteBuffer.allocate(8 * 8).order(ByteOrder.LITTLE_ENDIAN);
    try (MappedFile mapped = MappedFile.open(file)) {
      mapped.gather(WINDOW - 3, WINDOW, 8, 8, into, 0);
    }

    for (int i = 0; i < 8; i++) {
      assertThat(into.getLong(8 * i)).isEqualTo(0x0807060504030201L);
    }
  }

  @Test
  void letsThreadsReadTogether() {
    try (MappedFile mapped = MappedFile.open(file)) {
      boolean allRight =
          IntStream.range(0, 2_000)
              .parallel()
              .allMatch(
                  i -> {
                    long border = (1 + new Random(i).nextInt(8)) * (long) WINDOW;
                    return mapped.read(border, 1)[0] == 4;
                  });

      assertThat(allRight).isTrue();
    }
  }

  @Test
  void goesOnAfterAnInterruptAndKeepsIt() {
    try (MappedFile mapped = MappedFile.open(file)) {
      Thread.currentThread().interrupt();
      byte[] read = mapped.read(WINDOW, 1);
      boolean interrupted = Thread.interrupted();

      assertThat(read).containsExactly(4);
      assertThat(interrupted).isTrue();
      assertThat(mapped.read(2L * WINDOW, 1)).containsExactly(4);
    }
  }

  @Test
  void saysSoWhenTheFileIsCutWhileOpen() throws IOException {
    try (MappedFile mapped = MappedFile.open(file)) {
      try (RandomAccessFile cut = new RandomAccessFile(file.toFile(), "rw")) {
        cut.setLength(1_000);
      }

      assertThatThrownBy(() -> mapped.read(SIZE - 1, 1))
          .isInstanceOf(WeightsException.class)
          .hasMessageContaining("changed or unreadable while open");
    }
  }

  @Test
  void refusesWhatIsNoRegularFile() throws IOException {
    Path folder = Files.createDirectory(temp.resolve("folder"));

    assertThatThrownBy(() -> MappedFile.open(folder))
        .isInstanceOf(WeightsException.class)
        .hasMessageContaining("not a regular file");
    assertThatThrownBy(() -> MappedFile.open(temp.resolve("gone")))
        .isInstanceOf(WeightsException.class)
        .hasMessageContaining("no such file");
  }

  @Test
  void readsAgainAfterUnmapping() {
    try (MappedFile mapped = MappedFile.open(file)) {
      mapped.read(WINDOW, 1);
      mapped.unmap();

      assertThat(mapped.read(WINDOW, 1)).containsExactly(4);
    }
  }

  @Test
  void refusesToReadAfterClose() {
    MappedFile mapped = MappedFile.open(file);
    mapped.read(0, 1);
    mapped.close();
    mapped.close();

    assertThatThrownBy(() -> mapped.read(0, 1))
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("read after close");
  }
}
