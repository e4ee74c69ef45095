package io.headgate.imaging;

import java.awt.image.BufferedImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;
import javax.imageio.stream.MemoryCacheImageInputStream;

/** WebP. */
final class WebpDecoder {
  private WebpDecoder() {}

  static void decode(Bytes bytes, Deadline deadline, RowSink sink) throws ImageRejectedException {
    ImageReader reader = ImageIO.getImageReadersByFormatName("webp").next();
    try (MemoryCacheImageInputStream in =
        new MemoryCacheImageInputStream(new ByteArrayInputStream(bytes.array()))) {
      reader.setInput(in, true, true);
      BufferedImage image = reader.read(0);
      byte[] row = new byte[image.getWidth() * 3];
      int[] samples = new int[image.getWidth() * image.getRaster().getNumBands()];
      for (int y = 0; y < image.getHeight(); y++) {
        image.getRaster().getPixels(0, y, image.getWidth(), 1, samples);
        int bands = image.getRaster().getNumBands();
        for (int x = 0; x < image.getWidth(); x++) {
          for (int c = 0; c < 3; c++) {
            row[x * 3 + c] = (byte) samples[x * bands + c];
          }
        }
        sink.row(y, row, 0);
      }
    } catch (IOException | RuntimeException e) {
      throw new ImageRejectedException(RejectionCode.CORRUPT, "WebP: " + e.getMessage(), e);
    } finally {
      reader.dispose();
    }
    deadline.check();
  }
}
