package io.headgate.imaging;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PngDecoderTest {
  @ParameterizedTest
  @CsvSource({
    "0,1", "0,2", "0,4", "0,8", "0,16", "2,8", "2,16", "3,1", "3,2", "3,4", "3,8", "4,8", "4,16",
    "6,8", "6,16"
  })
  void decodesEveryColourTypeAndDepthPlainAndInterlaced(int colourType, int depth)
      throws Exception {
    Random random = new Random(colourType * 100L + depth);
    int channels = new int[] {1, 0, 3, 1, 2, 0, 4}[colourType];
    for (int i = 0; i < 12; i++) {
      int width = 1 + random.nextInt(20);
      int height = 1 + random.nextInt(20);
      byte[] palette = colourType == 3 ? new byte[3 << depth] : null;
      if (palette != null) {
        random.nextBytes(palette);
      }
      int[][][] samples = new int[height][width][channels];
      byte[] expected = new byte[width * height * 3];
      for (int y = 0; y < height; y++) {
        for (int x = 0; x < width; x++) {
          int[] pixel = samples[y][x];
          Arrays.setAll(pixel, c -> random.nextInt(1 << depth));
          for (int c = 0; c < 3; c++) {
            int value;
            if (palette != null) {
              value = palette[pixel[0] * 3 + c];
            } else {
              int sample = pixel[channels < 3 ? 0 : c];
              value = depth == 16 ? sample >> 8 : sample * 255 / ((1 << depth) - 1);
            }
            expected[(y * width + x) * 3 + c] = (byte) value;
          }
        }
      }

      RgbImage image =
          Pixels.decode(PngFiles.of(samples, depth, colourType, i % 2 == 1, palette, random));

      assertThat(image).as("picture %d", i).isEqualTo(new RgbImage(width, height, expected));
    }
  }

  @Test
  void showsAnIndexBeyondThePaletteAsAGrayLikePillow() throws Exception {
    byte[] png =
        new PngFiles()
            .header(2, 1, 8, 3, 0)
            .chunk("PLTE", new byte[] {9, 8, 7})
            .pixels(new byte[] {0, 0, (byte) 200})
            .end();

    assertThat(Pixels.decode(png).rgb()).containsExactly(9, 8, 7, 200, 200, 200);
  }

  @Test
  void stepsOverCompressedTextAndProfilesWithoutInflatingThem() throws Exception {
    byte[] bomb = PngFiles.deflate(new byte[64 << 20]);
    byte[] text = new byte[bomb.length + 3];
    text[0] = 'a';
    System.arraycopy(bomb, 0, text, 3, bomb.length);
    byte[] png =
        new PngFiles()
            .header(1, 1, 8, 0, 0)
            .chunk("zTXt", text)
            .chunk("iCCP", text)
            .chunk("iTXt", text)
            .pixels(new byte[] {0, 42})
            .end();

    assertThat(Pixels.decode(png).rgb()).containsExactly(42, 42, 42);
  }

  @Test
  void stopsInflatingWhenThePictureIsFull() throws Exception {
    byte[] rows = new byte[64 << 20];
    rows[1] = 7;
    byte[] png = new PngFiles().header(1, 1, 8, 0, 0).pixels(rows).end();

    assertThat(Pixels.decode(png).rgb()).containsExactly(7, 7, 7);
  }

  @Test
  void takesAWholePictureWithoutItsEndChunk() throws Exception {
    byte[] png = new PngFiles().header(1, 1, 8, 0, 0).pixels(new byte[] {0, 42}).cut();

    assertThat(Pixels.decode(png).rgb()).containsExactly(42, 42, 42);
  }

  @Test
  void refusesPixelDataThatEndsEarly() {
    byte[] png = new PngFiles().header(4, 4, 8, 0, 0).pixels(new byte[7]).end();

    assertThat(rejection(png)).isEqualTo(RejectionCode.TRUNCATED);
  }

  @Test
  void refusesAWrongChecksum() {
    byte[] png = new PngFiles().header(1, 1, 8, 0, 0).pixels(new byte[] {0, 42}).end();
    png[png.length - 13]++;

    assertThat(rejection(png)).isEqualTo(RejectionCode.CORRUPT);
  }

  @ParameterizedTest
  @CsvSource({"0,3", "2,4", "3,16", "5,8", "6,2", "1,8", "4,1"})
  void refusesAColourTypeThatDoesNotHaveThatDepth(int colourType, int depth) {
    byte[] png = new PngFiles().header(1, 1, depth, colourType, 0).pixels(new byte[9]).end();

    assertThat(rejection(png)).isEqualTo(RejectionCode.CORRUPT);
  }

  @Test
  void refusesAPaletteImageWithoutAPalette() {
    byte[] png = new PngFiles().header(1, 1, 8, 3, 0).pixels(new byte[] {0, 0}).end();

    assertThat(rejection(png)).isEqualTo(RejectionCode.CORRUPT);
  }

  @Test
  void refusesAnUnknownFilter() {
    byte[] png = new PngFiles().header(1, 1, 8, 0, 0).pixels(new byte[] {5, 0}).end();

    assertThat(rejection(png)).isEqualTo(RejectionCode.CORRUPT);
  }

  @Test
  void countsTheFramesOfAnAnimation() throws Exception {
    byte[] png =
        new PngFiles()
            .header(1, 1, 8, 0, 0)
            .chunk("acTL", new byte[] {0, 0, 0, 5, 0, 0, 0, 0})
            .pixels(new byte[] {0, 42})
            .end();

    ImageHeader header = HeaderSniffer.sniff(png, ImageLimits.defaults());

    assertThat(header.frames()).isEqualTo(5);
    assertThat(header.animated()).isTrue();
    assertThat(Pixels.decode(png).rgb()).containsExactly(42, 42, 42);
  }

  private static RejectionCode rejection(byte[] png) {
    return catchThrowableOfType(ImageRejectedException.class, () -> Pixels.decode(png)).code();
  }
}
