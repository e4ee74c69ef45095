package io.headgate.weights;

import static io.headgate.weights.TestModels.MINIATURE_OPTIONS;
import static org.assertj.core.api.Assertions.assertThat;

import io.headgate.console.UserException;
import io.headgate.weights.TestModels.Sizes;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/**
 * Whatever happens to a file, reading it ends with weights or with a {@link UserException}: never
 * with another exception, an endless loop or an exhausted heap.
 */
class MutationFuzzTest {
  private static final int MUTANTS = 4_000;
  private static final long[] TELLING = {
    0, 1, -1, 0x7f, 0x80, 0xff, 0x7fff, 0xffff, Integer.MAX_VALUE, Integer.MIN_VALUE, 1L << 32
  };

  @TempDir Path temp;

  private int read;
  private int refused;

  @Test
  @Timeout(120)
  void readsOrRefusesMutatedSafetensors() throws IOException {
    Path file = temp.resolve("m.safetensors");
    TestModels.miniature().write(file);
    byte[] bytes = Files.readAllBytes(file);
    int header = 8 + (bytes[0] & 0xff | (bytes[1] & 0xff) << 8);

    mutate(bytes, 0, header, 11);

    assertThat(read).isPositive();
    assertThat(refused).isGreaterThan(MUTANTS / 2);
  }

  @Test
  @Timeout(120)
  void readsOrRefusesMutatedCheckpoints() throws IOException {
    Map<String, long[]> shapes = TestModels.shapes(Sizes.MINIATURE);
    Path file = TorchFiles.checkpoint(temp.resolve("m.pt"), shapes, TestModels.random(shapes, 1));
    byte[] bytes = Files.readAllBytes(file);

    // The storages come first; the pickle and the directory follow.
    mutate(bytes, indexOf(bytes, "archive/data.pkl"), bytes.length, 12);

    assertThat(read).isPositive();
    assertThat(refused).isGreaterThan(MUTANTS / 2);
  }

  @Test
  @Timeout(120)
  void readsOrRefusesMutatedTorchScript() throws IOException {
    byte[] bytes =
        Files.readAllBytes(TestModels.FIXTURES.resolve("torchscript").resolve("libtorch-2.5.1.pt"));

    mutate(bytes, indexOf(bytes, "archive/data.pkl"), bytes.length, 13);

    assertThat(read).isPositive();
    assertThat(refused).isPositive();
  }

  private static int indexOf(byte[] bytes, String text) {
    return new String(bytes, StandardCharsets.ISO_8859_1).indexOf(text);
  }

  /** Most mutations hit the part of the file that describes the rest. */
  private void mutate(byte[] whole, int from, int to, long seed) throws IOException {
    Random random = new Random(seed);
    Path file = temp.resolve("mutant");
    for (int i = 0; i < MUTANTS; i++) {
      byte[] mutant = whole.clone();
      for (int n = 1 + random.nextInt(3); n > 0; n--) {
        int at =
            random.nextInt(10) == 0
                ? random.nextInt(mutant.length)
                : from + random.nextInt(to - from);
        mutant = mutated(mutant, Math.min(at, mutant.length - 1), random);
      }
      // A new file each time: the old one may still be mapped.
      Files.deleteIfExists(file);
      Files.write(file, mutant);
      open(file, i, seed);
    }
  }

  private static byte[] mutated(byte[] bytes, int at, Random random) {
    switch (random.nextInt(6)) {
      case 0 -> bytes[at] ^= (byte) (1 << random.nextInt(8));
      case 1 -> bytes[at] = (byte) random.nextInt();
      case 2 -> {
        long value = TELLING[random.nextInt(TELLING.length)];
        int width = 1 << random.nextInt(4);
        for (int i = 0; i < width && at + i < bytes.length; i++) {
          bytes[at + i] = (byte) (value >> 8 * i);
        }
      }
      case 3 -> {
        int from = random.nextInt(bytes.length);
        int n = Math.min(1 + random.nextInt(40), bytes.length - Math.max(from, at));
        System.arraycopy(bytes, from, bytes, at, n);
      }
      case 4 -> {
        int cut = Math.min(1 + random.nextInt(40), bytes.length - at);
        byte[] shorter = Arrays.copyOf(bytes, bytes.length - cut);
        System.arraycopy(bytes, at + cut, shorter, at, bytes.length - at - cut);
        return shorter;
      }
      default -> {
        int more = 1 + random.nextInt(40);
        byte[] longer = Arrays.copyOf(bytes, bytes.length + more);
        System.arraycopy(bytes, at, longer, at + more, bytes.length - at);
        return longer;
      }
    }
    return bytes;
  }

  private void open(Path file, int mutant, long seed) {
    try (Weights weights = Weights.open(file, MINIATURE_OPTIONS)) {
      weights.weightsHash();
      weights.requireFinite();
      read++;
    } catch (UserException e) {
      assertThat(e.getMessage()).contains(file.toString()).hasSizeLessThan(2_000);
      refused++;
    } catch (RuntimeException | StackOverflowError | OutOfMemoryError e) {
      throw new AssertionError("mutant %d of seed %d".formatted(mutant, seed), e);
    }
  }
}
