package io.headgate.imaging;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/**
 * Ten thousand damaged files, the same on every run, end with a picture or a clean refusal: nothing
 * else is thrown, and the heap of the test run (1 GiB) suffices. More of them: {@code
 * -Dheadgate.fuzz.mutants=1000000}.
 */
class MutationFuzzTest {
  private static final int MUTANTS = Integer.getInteger("headgate.fuzz.mutants", 10_000);
  private static final int CROP = 32;

  /** Small pixel limit, so that a mutated size cannot make the test slow. */
  private static final ImageLimits LIMITS =
      new ImageLimits(1 << 20, 1 << 20, 100, 100, Duration.ofSeconds(10));

  @Test
  void endsWithAPictureOrACleanRefusalEveryTime() throws Exception {
    List<byte[]> seeds = seeds();
    ImagePreprocessor preprocessor = new ImagePreprocessor(LIMITS);
    Random random = new Random(1);
    int[] refused = new int[RejectionCode.values().length];
    int pictures = 0;
    for (int i = 0; i < MUTANTS; i++) {
      byte[] mutant = mutate(seeds.get(i % seeds.size()), seeds, random);
      try {
        RgbImage crop = preprocessor.crop(mutant, CROP);
        assertThat(crop.rgb()).hasSize(CROP * CROP * 3);
        pictures++;
      } catch (ImageRejectedException e) {
        refused[e.code().ordinal()]++;
        assertThat(e.getMessage()).isNotBlank();
      } catch (Throwable t) {
        throw new AssertionError("mutant %d of seed %d".formatted(i, i % seeds.size()), t);
      }
    }

    assertThat(pictures).isBetween(MUTANTS / 20, MUTANTS * 19 / 20);
    assertThat(pictures + Arrays.stream(refused).sum()).isEqualTo(MUTANTS);
    assertThat(refused[RejectionCode.TIMEOUT.ordinal()]).isZero();
    assertThat(refused[RejectionCode.CORRUPT.ordinal()]).isPositive();
    assertThat(refused[RejectionCode.TRUNCATED.ordinal()]).isPositive();
  }

  /** Every format and variant. */
  private static List<byte[]> seeds() {
    List<byte[]> seeds = new ArrayList<>();
    Goldens.FILES.forEach(file -> seeds.add(Goldens.image(file)));
    for (String list : List.of("jpeg", "webp")) {
      for (String[] expected : Pixels.expectations(list + "/rgb.sha256")) {
        seeds.add(Goldens.resource(list + "/" + expected[0]));
      }
    }
    Random random = new Random(9);
    for (int colourType : new int[] {0, 2, 3, 4, 6}) {
      int channels = new int[] {1, 0, 3, 1, 2, 0, 4}[colourType];
      int[][][] samples = new int[30][30][channels];
      byte[] palette = colourType == 3 ? new byte[768] : null;
      seeds.add(PngFiles.of(samples, 8, colourType, true, palette, random));
    }
    return seeds;
  }

  private static byte[] mutate(byte[] seed, List<byte[]> seeds, Random random) {
    byte[] mutant = seed.clone();
    // Most damage near the start, where the structure is.
    int range = random.nextBoolean() ? Math.min(mutant.length, 64) : mutant.length;
    switch (random.nextInt(7)) {
      case 0 -> mutant[random.nextInt(range)] ^= (byte) (1 << random.nextInt(8));
      case 1 -> {
        for (int n = random.nextInt(16); n >= 0; n--) {
          mutant[random.nextInt(range)] = (byte) random.nextInt(256);
        }
      }
      case 2 -> mutant = Arrays.copyOf(mutant, random.nextInt(mutant.length + 1));
      case 3 -> {
        byte extreme = (byte) (random.nextBoolean() ? 0xff : 0);
        int at = random.nextInt(range);
        Arrays.fill(mutant, at, Math.min(mutant.length, at + 1 + random.nextInt(4)), extreme);
      }
      case 4 -> {
        int from = random.nextInt(mutant.length);
        int to = random.nextInt(mutant.length);
        int length = Math.min(random.nextInt(200), mutant.length - Math.max(from, to));
        System.arraycopy(mutant, from, mutant, to, length);
      }
      case 5 -> {
        int at = random.nextInt(mutant.length);
        int cut = Math.min(random.nextInt(50), mutant.length - at);
        System.arraycopy(mutant, at + cut, mutant, at, mutant.length - at - cut);
        mutant = Arrays.copyOf(mutant, mutant.length - cut);
      }
      default -> {
        byte[] other = seeds.get(random.nextInt(seeds.size()));
        int at = random.nextInt(Math.min(mutant.length, other.length));
        int length = Math.min(random.nextInt(300), Math.min(mutant.length, other.length) - at);
        System.arraycopy(other, at, mutant, at, length);
      }
    }
    return mutant;
  }
}
