package io.headgate.imaging;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class ImagePreprocessorTest {
  private static final Goldens GOLDENS = new Goldens();

  private final ImagePreprocessor preprocessor = new ImagePreprocessor(ImageLimits.defaults());

  static List<String> files() {
    return Goldens.FILES;
  }

  @ParameterizedTest
  @MethodSource("files")
  void cropsEveryFormatBitExactly(String file) throws Exception {
    RgbImage expected = GOLDENS.crop(file);

    RgbImage crop = preprocessor.crop(Goldens.image(file), Goldens.SIZE);

    assertThat(differences(crop, expected)).as("differing bytes of %s", file).isZero();
  }

  private static long differences(RgbImage a, RgbImage b) {
    long count = 0;
    for (int i = 0; i < b.rgb().length; i++) {
      if (a.rgb()[i] != b.rgb()[i]) {
        count++;
      }
    }
    return count;
  }
}
