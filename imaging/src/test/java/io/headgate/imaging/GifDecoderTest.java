package io.headgate.imaging;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.catchThrowableOfType;

import java.awt.image.BufferedImage;
import java.awt.image.IndexColorModel;
import java.io.ByteArrayOutputStream;
import java.util.Arrays;
import java.util.Random;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;

class GifDecoderTest {
  /** Two colours, 2x2 pixels, all of colour 1 except the last. */
  private static final byte[] DATA = {2, 2, (byte) 0x8c, 0x51, 0};

  @Test
  void givesBackRandomPicturesThatTheJdkWrote() throws Exception {
    Random random = new Random(11);
    for (int i = 0; i < 60; i++) {
      BufferedImage expected = random(random, 1 + random.nextInt(300), 1 + random.nextInt(60));
      ByteArrayOutputStream gif = new ByteArrayOutputStream();
      ImageIO.write(expected, "gif", gif);

      RgbImage image = Pixels.decode(gif.toByteArray());

      assertThat(image.width()).isEqualTo(expected.getWidth());
      for (int y = 0; y < image.height(); y++) {
        for (int x = 0; x < image.width(); x++) {
          int at = (y * image.width() + x) * 3;
          int rgb =
              (image.rgb()[at] & 0xff) << 16
                  | (image.rgb()[at + 1] & 0xff) << 8
                  | image.rgb()[at + 2] & 0xff;
          assertThat(rgb)
              .as("pixel %d,%d of %d", x, y, i)
              .isEqualTo(expected.getRGB(x, y) & 0xffffff);
        }
      }
    }
  }

  @Test
  void putsASmallFirstPictureOnItsCanvas() throws Exception {
    byte[] gif = gif(4, 3, 1, 1, 2, 2, DATA);

    RgbImage image = Pixels.decode(gif);

    assertThat(reds(image)).containsExactly(10, 10, 10, 10, 10, 20, 20, 10, 10, 20, 10, 10);
  }

  @Test
  void widensTheCanvasToHoldTheFirstPicture() throws Exception {
    byte[] gif = gif(1, 1, 1, 0, 2, 2, DATA);

    RgbImage image = Pixels.decode(gif);

    assertThat(image.width()).isEqualTo(3);
    assertThat(image.height()).isEqualTo(2);
    assertThat(reds(image)).containsExactly(10, 20, 20, 10, 20, 10);
  }

  @Test
  void countsFramesAndUsesTheFirst() throws Exception {
    byte[] one = gif(2, 2, 0, 0, 2, 2, DATA);
    ByteArrayOutputStream gif = new ByteArrayOutputStream();
    gif.write(one, 0, one.length - 1);
    for (int i = 0; i < 3; i++) {
      gif.write(new byte[] {0x2c, 0, 0, 0, 0, 2, 0, 2, 0, 0});
      gif.write(DATA);
    }
    gif.write(0x3b);

    ImageHeader header = HeaderSniffer.sniff(gif.toByteArray(), ImageLimits.defaults());

    assertThat(header.frames()).isEqualTo(4);
    assertThat(reds(Pixels.decode(gif.toByteArray()))).containsExactly(20, 20, 20, 10);
  }

  @Test
  void refusesDataThatEndsEarly() {
    byte[] gif = gif(2, 3, 0, 0, 2, 3, DATA);

    assertThat(rejection(gif)).isEqualTo(RejectionCode.TRUNCATED);
  }

  @Test
  void refusesACodeBeforeItIsDefined() {
    byte[] gif = gif(2, 2, 0, 0, 2, 2, new byte[] {2, 2, 0x3c, 0, 0});

    assertThat(rejection(gif)).isEqualTo(RejectionCode.CORRUPT);
  }

  @Test
  void refusesAnEmptyPicture() {
    byte[] gif = gif(2, 2, 0, 0, 0, 2, DATA);

    assertThat(rejection(gif)).isEqualTo(RejectionCode.BAD_DIMENSIONS);
  }

  @Test
  void refusesAFileWithoutAPicture() {
    byte[] whole = gif(2, 2, 0, 0, 2, 2, DATA);
    byte[] gif = Arrays.copyOf(whole, 13 + 6 + 1);
    gif[19] = 0x3b;

    assertThat(rejection(gif)).isEqualTo(RejectionCode.CORRUPT);
  }

  private static int[] reds(RgbImage image) {
    int[] reds = new int[image.width() * image.height()];
    Arrays.setAll(reds, i -> image.rgb()[i * 3]);
    return reds;
  }

  private static byte[] gif(int w, int h, int left, int top, int pw, int ph, byte[] data) {
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    out.writeBytes(new byte[] {'G', 'I', 'F', '8', '9', 'a'});
    out.writeBytes(new byte[] {(byte) w, 0, (byte) h, 0, (byte) 0x80, 0, 0});
    out.writeBytes(new byte[] {10, 11, 12, 20, 21, 22});
    out.writeBytes(new byte[] {0x2c, (byte) left, 0, (byte) top, 0, (byte) pw, 0, (byte) ph, 0, 0});
    out.writeBytes(data);
    out.write(0x3b);
    return out.toByteArray();
  }

  private static BufferedImage random(Random random, int width, int height) {
    int bits = 1 + random.nextInt(8);
    int colours = 1 << bits;
    byte[] r = new byte[colours];
    byte[] g = new byte[colours];
    byte[] b = new byte[colours];
    random.nextBytes(r);
    random.nextBytes(g);
    random.nextBytes(b);
    BufferedImage image =
        new BufferedImage(
            width,
            height,
            BufferedImage.TYPE_BYTE_INDEXED,
            new IndexColorModel(8, colours, r, g, b));
    int run = 1 + random.nextInt(40);
    int index = 0;
    for (int y = 0; y < height; y++) {
      for (int x = 0; x < width; x++) {
        if (random.nextInt(run) == 0) {
          index = random.nextInt(colours);
        }
        image.getRaster().setSample(x, y, 0, index);
      }
    }
    return image;
  }

  private static RejectionCode rejection(byte[] gif) {
    return catchThrowableOfType(ImageRejectedException.class, () -> Pixels.decode(gif)).code();
  }
}
