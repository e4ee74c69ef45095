package io.headgate.imaging;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** Every pixel of many small files against what the reference C libraries make of them. */
class DecodedPixelsTest {
  static List<String[]> webp() {
    return Pixels.expectations("webp/rgb.sha256");
  }

  static List<String[]> jpeg() {
    return Pixels.expectations("jpeg/rgb.sha256");
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("webp")
  void webpEqualsLibwebp(String file, int width, int height, String sha256) throws Exception {
    RgbImage image = Pixels.decode(Goldens.resource("webp/" + file));

    assertThat(image.width()).isEqualTo(width);
    assertThat(image.height()).isEqualTo(height);
    assertThat(Pixels.sha256(image)).isEqualTo(sha256);
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("jpeg")
  void jpegEqualsLibjpegTurbo(String file, int width, int height, String sha256) throws Exception {
    RgbImage image = Pixels.decode(Goldens.resource("jpeg/" + file));

    assertThat(image.width()).isEqualTo(width);
    assertThat(image.height()).isEqualTo(height);
    assertThat(Pixels.sha256(image)).isEqualTo(sha256);
  }
}
