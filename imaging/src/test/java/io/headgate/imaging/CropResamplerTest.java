package io.headgate.imaging;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CropResamplerTest {
  @Test
  void equalsTheNaiveResamplerOnRandomPictures() {
    Random random = new Random(20240607);
    for (int i = 0; i < 400; i++) {
      int width = 1 + random.nextInt(random.nextBoolean() ? 12 : 160);
      int height = 1 + random.nextInt(random.nextBoolean() ? 12 : 160);
      int size = 1 + random.nextInt(48);
      RgbImage image = noise(random, width, height);

      RgbImage crop = resample(image, size);

      assertThat(crop)
          .as("%dx%d to %d, picture %d", width, height, size, i)
          .isEqualTo(NaiveResampler.crop(image, size));
    }
  }

  @ParameterizedTest
  @CsvSource({
    "1,1,224",
    "1000,40,32",
    "40,1000,32",
    "224,224,224",
    "335,224,224",
    "224,337,224",
    "33,32,32",
    "2000,20,8",
    "3,300,16",
    "449,448,224"
  })
  void equalsTheNaiveResamplerAtTheEdgesOfItsRange(int width, int height, int size) {
    RgbImage image = noise(new Random(width * 31L + height), width, height);

    RgbImage crop = resample(image, size);

    assertThat(crop).isEqualTo(NaiveResampler.crop(image, size));
  }

  @Test
  void keepsExtremesApartInBothHalvesOfALane() {
    // Alternating black and white rows make the largest positive and negative sums side by side.
    int width = 400;
    int height = 300;
    byte[] rgb = new byte[width * height * 3];
    for (int y = 0; y < height; y++) {
      for (int x = 0; x < width * 3; x++) {
        rgb[y * width * 3 + x] = (byte) ((x / 3 / 4 + y) % 2 == 0 ? 255 : 0);
      }
    }
    RgbImage image = new RgbImage(width, height, rgb);

    RgbImage crop = resample(image, 64);

    assertThat(crop).isEqualTo(NaiveResampler.crop(image, 64));
  }

  @Test
  void looksOnlyAtTheColumnsAndRowsThatReachTheCrop() {
    CropResampler wide = new CropResampler(1000, 40, 224);
    CropResampler tall = new CropResampler(40, 1000, 224);

    assertThat(wide.endColumn() - wide.firstColumn()).isLessThan(50);
    assertThat(tall.wants(400)).isFalse();
    assertThat(tall.wants(500)).isTrue();
  }

  @Test
  void refusesToFinishAHalfPicture() {
    CropResampler resampler = new CropResampler(64, 64, 32);
    resampler.row(0, new byte[64 * 3], 0);

    assertThatThrownBy(resampler::finish)
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("rows: 1 (expected: 64)");
  }

  @Test
  void keepsACropThatNeedsNoResizing() {
    RgbImage image = noise(new Random(3), 32, 32);

    assertThat(resample(image, 32)).isEqualTo(image);
  }

  private static RgbImage resample(RgbImage image, int size) {
    CropResampler resampler = new CropResampler(image.width(), image.height(), size);
    int rowLength = image.width() * 3;
    byte[] row = new byte[rowLength + 5];
    for (int y = 0; y < image.height(); y++) {
      System.arraycopy(image.rgb(), y * rowLength, row, 5, rowLength);
      resampler.row(y, row, 5);
      Arrays.fill(row, (byte) 77);
    }
    return resampler.finish();
  }

  private static RgbImage noise(Random random, int width, int height) {
    byte[] rgb = new byte[width * height * 3];
    random.nextBytes(rgb);
    for (int i = 0; i < rgb.length; i++) {
      if (random.nextInt(4) == 0) {
        rgb[i] = (byte) (random.nextBoolean() ? 255 : 0);
      }
    }
    return new RgbImage(width, height, rgb);
  }
}
