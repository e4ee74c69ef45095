package io.headgate.imaging;

import java.awt.image.BufferedImage;
import java.awt.image.IndexColorModel;
import java.awt.image.Raster;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.Iterator;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;
import javax.imageio.stream.ImageInputStream;
import javax.imageio.stream.MemoryCacheImageInputStream;

/** Decodes by format and pushes the rows on. */
final class Decoders {
  private Decoders() {}

  static void decode(byte[] encoded, ImageHeader header, Deadline deadline, RowSink sink)
      throws ImageRejectedException {
    Iterator<ImageReader> readers = ImageIO.getImageReadersByFormatName(header.format().name());
    ImageReader reader = readers.next();
    boolean[] warned = new boolean[1];
    try (ImageInputStream in = new MemoryCacheImageInputStream(new ByteArrayInputStream(encoded))) {
      reader.setInput(in, true, true);
      reader.addIIOReadWarningListener((source, warning) -> warned[0] = true);
      if (header.format() == ImageFormat.JPEG
          && reader.getRawImageType(0) != null
          && reader.getRawImageType(0).getNumBands() == 4) {
        push(reader.readRaster(0, null), null, sink);
      } else {
        BufferedImage image = reader.read(0);
        push(
            image.getRaster(),
            image.getColorModel() instanceof IndexColorModel palette ? palette : null,
            sink);
      }
    } catch (IOException | RuntimeException e) {
      throw new ImageRejectedException(
          RejectionCode.CORRUPT, header.format() + ": " + e.getMessage(), e);
    } finally {
      reader.dispose();
    }
    if (warned[0]) {
      throw Bytes.truncated(header.format() + " data stops");
    }
    deadline.check();
  }

  private static void push(Raster raster, IndexColorModel palette, RowSink sink) {
    int width = raster.getWidth();
    int bands = raster.getNumBands();
    int bits = raster.getSampleModel().getSampleSize(0);
    int[] samples = new int[width * bands];
    byte[] row = new byte[width * 3];
    for (int y = 0; y < raster.getHeight(); y++) {
      if (!sink.wants(y)) {
        continue;
      }
      raster.getPixels(raster.getMinX(), raster.getMinY() + y, width, 1, samples);
      for (int x = 0; x < width; x++) {
        for (int c = 0; c < 3; c++) {
          int value;
          if (palette != null) {
            int index = samples[x];
            value =
                c == 0
                    ? palette.getRed(index)
                    : c == 1 ? palette.getGreen(index) : palette.getBlue(index);
          } else if (bands == 4
              && raster.getSampleModel().getSampleSize(3) == 8
              && raster.getParent() == null
              && sink instanceof CropResampler
              && cmyk(raster)) {
            int nk = samples[x * 4 + 3];
            int t = (255 - samples[x * 4 + c]) * nk + 128;
            value = nk - ((t >> 8) + t >> 8);
          } else {
            value = samples[x * bands + (bands < 3 ? 0 : c)];
            value = bits == 16 ? value >> 8 : bits < 8 ? value * 255 / ((1 << bits) - 1) : value;
          }
          row[x * 3 + c] = (byte) value;
        }
      }
      sink.row(y, row, 0);
    }
  }

  private static boolean cmyk(Raster raster) {
    return raster.getSampleModel().getNumDataElements() == 4
        && raster.getClass().getSimpleName().startsWith("Byte")
        && raster instanceof java.awt.image.WritableRaster == false;
  }
}
