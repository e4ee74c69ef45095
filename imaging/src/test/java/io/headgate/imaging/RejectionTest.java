package io.headgate.imaging;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.Arrays;
import java.util.HexFormat;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** What is refused, with which code, and that the message tells what to do. */
class RejectionTest {
  private final ImagePreprocessor preprocessor = new ImagePreprocessor(ImageLimits.defaults());

  @ParameterizedTest
  @CsvSource({
    "negative/empty.jpg, EMPTY, no bytes",
    "negative/not_an_image.png, CORRUPT, PNG does not start with its header chunk",
    "negative/truncated.jpg, TRUNCATED, send the whole file"
  })
  void refusesTheKnownBadFiles(String file, RejectionCode code, String message) {
    ImageRejectedException refusal = refusal(Goldens.resource(file));

    assertThat(refusal.code()).isEqualTo(code);
    assertThat(refusal).hasMessageContaining(message);
  }

  @Test
  void refusesAGifOf35BytesThatDeclaresGigapixels() {
    byte[] gif =
        HexFormat.of()
            .parseHex("474946383961ffffffff8000000000000000002c00000000ffffffff00020244014b003b");
    assertThat(gif.length).isLessThanOrEqualTo(36);

    ImageRejectedException refusal = refusal(gif);

    assertThat(refusal.code()).isEqualTo(RejectionCode.TOO_MANY_PIXELS);
    assertThat(refusal)
        .hasMessageContaining("65535x65535")
        .hasMessageContaining("at most 50000000");
  }

  @Test
  void refusesAPngOf100000Squared() {
    byte[] png = new PngFiles().header(100_000, 100_000, 8, 2, 0).pixels(new byte[1 << 20]).end();

    assertThat(refusal(png).code()).isEqualTo(RejectionCode.TOO_MANY_PIXELS);
  }

  @Test
  void refusesAPngWiderThanAnArray() {
    byte[] png = new PngFiles().header(-1, 5, 8, 2, 0).pixels(new byte[9]).end();

    assertThat(refusal(png).code()).isEqualTo(RejectionCode.BAD_DIMENSIONS);
  }

  @Test
  void refusesAJpegOf65500Squared() {
    byte[] jpeg = jpegWithSize(65_500, 65_500);

    assertThat(refusal(jpeg).code()).isEqualTo(RejectionCode.TOO_MANY_PIXELS);
  }

  @ParameterizedTest
  @CsvSource({"0,1", "1,0", "0,0"})
  void refusesZeroSizedPictures(int width, int height) {
    byte[] png = new PngFiles().header(width, height, 8, 0, 0).pixels(new byte[4]).end();
    byte[] jpeg = jpegWithSize(width, height);

    assertThat(refusal(png).code()).isEqualTo(RejectionCode.BAD_DIMENSIONS);
    assertThat(refusal(jpeg).code()).isEqualTo(RejectionCode.BAD_DIMENSIONS);
  }

  @Test
  void takesASinglePixel() throws Exception {
    byte[] png = new PngFiles().header(1, 1, 8, 0, 0).pixels(new byte[] {0, 42}).end();

    RgbImage crop = preprocessor.crop(png, 224);

    byte[] expected = new byte[224 * 224 * 3];
    Arrays.fill(expected, (byte) 42);
    assertThat(crop.rgb()).isEqualTo(expected);
  }

  @ParameterizedTest
  @CsvSource({"1,100000", "100000,1"})
  void refusesOneByAHundredThousandPixels(int width, int height) {
    byte[] png = new PngFiles().header(width, height, 8, 0, 0).pixels(new byte[200_000]).end();

    ImageRejectedException refusal = refusal(png);

    assertThat(refusal.code()).isEqualTo(RejectionCode.ASPECT_RATIO);
    assertThat(refusal).hasMessageContaining("100000:1 (expected: at most 100:1)");
  }

  @ParameterizedTest
  @CsvSource({"1,100000", "100000,1"})
  void cropsOneByAHundredThousandPixelsIfAllowed(int width, int height) throws Exception {
    byte[] rows = new byte[(width + 1) * height];
    byte[] png = new PngFiles().header(width, height, 8, 0, 0).pixels(rows).end();
    ImagePreprocessor lenient =
        new ImagePreprocessor(new ImageLimits(1 << 20, 1 << 20, 1e6, 1, Duration.ofMinutes(1)));

    RgbImage crop = lenient.crop(png, 224);

    assertThat(crop).isEqualTo(new RgbImage(224, 224, new byte[224 * 224 * 3]));
  }

  @Test
  void refusesMoreBytesThanAllowed() {
    byte[] png = Goldens.image("06_tiny_5x7.png");
    ImagePreprocessor strict =
        new ImagePreprocessor(new ImageLimits(100, 1 << 20, 10, 1, Duration.ofMinutes(1)));

    ImageRejectedException refusal =
        catchThrowableOfType(ImageRejectedException.class, () -> strict.crop(png, 224));

    assertThat(refusal.code()).isEqualTo(RejectionCode.TOO_MANY_BYTES);
    assertThat(refusal).hasMessageContaining("175 bytes (expected: at most 100)");
  }

  @Test
  void refusesMoreFramesThanAllowed() {
    byte[] png =
        new PngFiles()
            .header(1, 1, 8, 0, 0)
            .chunk("acTL", new byte[] {0x7f, 0, 0, 0, 0, 0, 0, 0})
            .pixels(new byte[] {0, 42})
            .end();

    assertThat(refusal(png).code()).isEqualTo(RejectionCode.TOO_MANY_FRAMES);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"06_tiny_5x7.png", "04_exif_rot6.jpg", "17_progressive_444.jpg", "08_palette.gif"})
  void refusesToGoOnAfterTheDeadline(String file) {
    ImagePreprocessor hasty =
        new ImagePreprocessor(new ImageLimits(1 << 24, 1 << 24, 100, 1, Duration.ofNanos(1)));

    ImageRejectedException refusal =
        catchThrowableOfType(
            ImageRejectedException.class, () -> hasty.crop(Goldens.image(file), 224));

    assertThat(refusal.code()).isEqualTo(RejectionCode.TIMEOUT);
    assertThat(refusal).hasMessageContaining("decoding took longer than");
  }

  @ParameterizedTest
  @CsvSource({
    "424d, BMP",
    "49492a00, TIFF",
    "4d4d002a, TIFF",
    "0000001866747970, HEIC",
    "ff0a, JPEG XL",
    "38425053, PSD",
    "00000100, ICO"
  })
  void namesFormatsItDoesNotDecode(String start, String name) {
    byte[] file = Arrays.copyOf(HexFormat.of().parseHex(start), 64);

    ImageRejectedException refusal = refusal(file);

    assertThat(refusal.code()).isEqualTo(RejectionCode.UNSUPPORTED_FORMAT);
    assertThat(refusal).hasMessageContaining(name).hasMessageContaining("convert it first");
  }

  @Test
  void refusesSvgAndHtmlAsNoImage() {
    byte[] svg = "<svg xmlns='http://www.w3.org/2000/svg'/>".getBytes(StandardCharsets.US_ASCII);

    assertThat(refusal(svg).code()).isEqualTo(RejectionCode.NOT_AN_IMAGE);
  }

  @Test
  void refusesAWebpLongerThanItsFile() {
    byte[] webp = Goldens.image("22_rgb.webp");

    assertThat(refusal(Arrays.copyOf(webp, webp.length / 2)).code())
        .isEqualTo(RejectionCode.TRUNCATED);
  }

  @Test
  void refusesAWebpWhosePictureIsNotAsLargeAsItsCanvas() {
    byte[] webp = Goldens.resource("webp/animated_2.webp").clone();
    ByteBuffer.wrap(webp).order(ByteOrder.LITTLE_ENDIAN).put(24, (byte) 20);

    assertThat(refusal(webp).code()).isEqualTo(RejectionCode.CORRUPT);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, -1, 2049})
  void refusesCropSizesThatMakeNoSense(int size) {
    IllegalArgumentException error =
        catchThrowableOfType(
            IllegalArgumentException.class,
            () -> preprocessor.crop(Goldens.image("06_tiny_5x7.png"), size));

    assertThat(error).hasMessageContaining("crop size: " + size);
  }

  private ImageRejectedException refusal(byte[] encoded) {
    return catchThrowableOfType(
        ImageRejectedException.class, () -> preprocessor.crop(encoded, 224));
  }

  private static byte[] jpegWithSize(int width, int height) {
    byte[] jpeg = Goldens.image("04_exif_rot6.jpg").clone();
    for (int i = 2; i < jpeg.length - 8; i++) {
      if (jpeg[i] == (byte) 0xff && jpeg[i + 1] == (byte) 0xc0) {
        ByteBuffer.wrap(jpeg).putShort(i + 5, (short) height).putShort(i + 7, (short) width);
        return jpeg;
      }
    }
    throw new IllegalStateException("no frame header");
  }
}
