package io.headgate.pipeline;

import io.headgate.samples.Sample;
import java.awt.Graphics2D;
import java.awt.RenderingHints;
import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageWriteParam;
import javax.imageio.ImageWriter;
import javax.imageio.stream.ImageOutputStream;

/** Photographs' stand-ins: reference images enlarged to 1280 × 960 with some grain, as JPEG. */
final class Jpegs {
  private static final int WIDTH = 1280;
  private static final int HEIGHT = 960;
  private static final int GRAIN = 24;
  private static final int SEARCH = 7;

  private Jpegs() {}

  /**
   * @param bytes of each file, met to within a few percent
   */
  static List<byte[]> of(List<Sample> samples, int count, int bytes, long seed) throws IOException {
    Random random = new Random(seed);
    List<byte[]> files = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      BufferedImage picture = enlarge(samples.get(i % samples.size()), random);
      float low = 0.05f;
      float high = 1f;
      byte[] file = encode(picture, low);
      for (int step = 0; step < SEARCH; step++) {
        float quality = (low + high) / 2;
        byte[] tried = encode(picture, quality);
        if (tried.length > bytes) {
          high = quality;
        } else {
          low = quality;
          file = tried;
        }
      }
      files.add(file);
    }
    return files;
  }

  private static BufferedImage enlarge(Sample sample, Random random) throws IOException {
    BufferedImage small = ImageIO.read(new ByteArrayInputStream(sample.bytes()));
    BufferedImage large = new BufferedImage(WIDTH, HEIGHT, BufferedImage.TYPE_INT_RGB);
    Graphics2D graphics = large.createGraphics();
    graphics.setRenderingHint(
        RenderingHints.KEY_INTERPOLATION, RenderingHints.VALUE_INTERPOLATION_BICUBIC);
    graphics.drawImage(small, 0, 0, WIDTH, HEIGHT, null);
    graphics.dispose();
    int[] pixels = large.getRGB(0, 0, WIDTH, HEIGHT, null, 0, WIDTH);
    for (int i = 0; i < pixels.length; i++) {
      int grain = random.nextInt(GRAIN) - GRAIN / 2;
      pixels[i] =
          clip((pixels[i] >> 16 & 255) + grain) << 16
              | clip((pixels[i] >> 8 & 255) + grain) << 8
              | clip((pixels[i] & 255) + grain);
    }
    large.setRGB(0, 0, WIDTH, HEIGHT, pixels, 0, WIDTH);
    return large;
  }

  private static int clip(int level) {
    return Math.max(0, Math.min(255, level));
  }

  private static byte[] encode(BufferedImage picture, float quality) throws IOException {
    ImageWriter writer = ImageIO.getImageWritersByFormatName("jpeg").next();
    ByteArrayOutputStream bytes = new ByteArrayOutputStream();
    try (ImageOutputStream out = ImageIO.createImageOutputStream(bytes)) {
      writer.setOutput(out);
      ImageWriteParam parameters = writer.getDefaultWriteParam();
      parameters.setCompressionMode(ImageWriteParam.MODE_EXPLICIT);
      parameters.setCompressionQuality(quality);
      writer.write(null, new IIOImage(picture, null, null), parameters);
    } finally {
      writer.dispose();
    }
    return bytes.toByteArray();
  }
}
