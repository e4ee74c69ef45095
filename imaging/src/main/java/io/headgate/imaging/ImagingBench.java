package io.headgate.imaging;

import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadMXBean;
import java.util.Arrays;
import java.util.Random;
import java.util.function.IntSupplier;
import javax.imageio.IIOImage;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;
import javax.imageio.ImageWriteParam;
import javax.imageio.ImageWriter;
import javax.imageio.stream.ImageInputStream;
import javax.imageio.stream.MemoryCacheImageInputStream;

/**
 * Times a baseline JPEG on its way to the crop against the JDK's decode of the same file alone, in
 * alternating rounds of one run. What is measured is the processor time of the calling thread, so
 * that a busy machine does not count.
 */
public final class ImagingBench {
  private static final int CROP_SIZE = 224;
  private static final ThreadMXBean CLOCK = ManagementFactory.getThreadMXBean();

  private ImagingBench() {}

  /**
   * Medians of one run.
   *
   * @param width of the picture, in pixels
   * @param height of the picture, in pixels
   * @param encodedBytes size of the JPEG file
   * @param decodePerSecond pictures a second of processor time, JDK decode to a {@code
   *     BufferedImage} alone
   * @param cropPerSecond pictures a second of processor time, {@link ImagePreprocessor#crop}
   */
  public record Result(
      int width, int height, int encodedBytes, double decodePerSecond, double cropPerSecond) {
    /** Time of the whole crop over the time of the JDK's decode alone; lower is better. */
    public double cropTimeOverDecodeTime() {
      return decodePerSecond / cropPerSecond;
    }
  }

  /**
   * Runs for about {@code rounds} times four pictures after a warm-up of the same length.
   *
   * @param width of the picture, in pixels; 1500 x 1000 is typical
   * @param height of the picture, in pixels
   * @param rounds at least 3
   */
  public static Result run(int width, int height, int rounds) {
    if (rounds < 3) {
      throw new IllegalArgumentException("rounds: %d (expected: at least 3)".formatted(rounds));
    }
    byte[] jpeg = picture(width, height);
    ImagePreprocessor preprocessor = new ImagePreprocessor(ImageLimits.defaults());
    IntSupplier decode = () -> decode(jpeg);
    IntSupplier crop = () -> crop(preprocessor, jpeg);
    double[] decodeSeconds = new double[rounds];
    double[] cropSeconds = new double[rounds];
    for (int pass = 0; pass < 2; pass++) {
      for (int i = 0; i < rounds; i++) {
        decodeSeconds[i] = seconds(decode);
        cropSeconds[i] = seconds(crop);
      }
    }
    return new Result(
        width, height, jpeg.length, 1 / median(decodeSeconds), 1 / median(cropSeconds));
  }

  /** A baseline 4:2:0 JPEG with the detail of a photograph, the same on every run. */
  static byte[] picture(int width, int height) {
    BufferedImage image = new BufferedImage(width, height, BufferedImage.TYPE_INT_RGB);
    Random random = new Random(7);
    int octaves = 7;
    int grain = 14;
    int grid = 64;
    float[][][] noise = new float[octaves][3][grid * grid];
    for (float[][] octave : noise) {
      for (float[] channel : octave) {
        for (int i = 0; i < channel.length; i++) {
          channel[i] = random.nextFloat() - 0.5f;
        }
      }
    }
    for (int y = 0; y < height; y++) {
      for (int x = 0; x < width; x++) {
        int rgb = 0;
        int speck = random.nextInt(2 * grain + 1) - grain;
        for (int c = 0; c < 3; c++) {
          float value = 128 + speck;
          for (int o = 0; o < octaves; o++) {
            float scale = (2 << o) * 1.37f / 512;
            value += 150f / (1 << o) * smooth(noise[o][c], grid, x * scale, y * scale);
          }
          rgb = rgb << 8 | Math.max(0, Math.min(255, (int) value));
        }
        image.setRGB(x, y, rgb);
      }
    }
    return encode(image, 0.85f);
  }

  private static float smooth(float[] noise, int grid, float x, float y) {
    int x0 = (int) x;
    int y0 = (int) y;
    float fx = x - x0;
    float fy = y - y0;
    int mask = grid - 1;
    int top = (y0 & mask) * grid;
    int bottom = (y0 + 1 & mask) * grid;
    float a = noise[top + (x0 & mask)] * (1 - fx) + noise[top + (x0 + 1 & mask)] * fx;
    float b = noise[bottom + (x0 & mask)] * (1 - fx) + noise[bottom + (x0 + 1 & mask)] * fx;
    return a * (1 - fy) + b * fy;
  }

  private static byte[] encode(BufferedImage image, float quality) {
    ImageWriter writer = ImageIO.getImageWritersByFormatName("jpeg").next();
    ImageWriteParam param = writer.getDefaultWriteParam();
    param.setCompressionMode(ImageWriteParam.MODE_EXPLICIT);
    param.setCompressionQuality(quality);
    ByteArrayOutputStream out = new ByteArrayOutputStream();
    try (var stream = ImageIO.createImageOutputStream(out)) {
      writer.setOutput(stream);
      writer.write(null, new IIOImage(image, null, null), param);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } finally {
      writer.dispose();
    }
    return out.toByteArray();
  }

  private static int decode(byte[] jpeg) {
    ImageReader reader = JpegDecoder.jdkReader();
    try (ImageInputStream in = new MemoryCacheImageInputStream(new ByteArrayInputStream(jpeg))) {
      reader.setInput(in, true, true);
      return reader.read(0).getWidth();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    } finally {
      reader.dispose();
    }
  }

  private static int crop(ImagePreprocessor preprocessor, byte[] jpeg) {
    try {
      return preprocessor.crop(jpeg, CROP_SIZE).width();
    } catch (ImageRejectedException e) {
      throw new IllegalStateException(e);
    }
  }

  private static double seconds(IntSupplier work) {
    int repeats = 2;
    int sink = 0;
    long start = CLOCK.getCurrentThreadCpuTime();
    for (int i = 0; i < repeats; i++) {
      sink += work.getAsInt();
    }
    double seconds = (CLOCK.getCurrentThreadCpuTime() - start) / 1e9 / repeats;
    if (sink == 0) {
      throw new IllegalStateException("nothing was decoded");
    }
    return seconds;
  }

  private static double median(double[] values) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    return sorted[sorted.length / 2];
  }
}
