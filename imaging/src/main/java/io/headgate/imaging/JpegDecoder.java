package io.headgate.imaging;

import io.headgate.imaging.JpegFile.ColourEncoding;
import java.awt.Point;
import java.awt.color.ColorSpace;
import java.awt.image.BufferedImage;
import java.awt.image.ComponentColorModel;
import java.awt.image.DataBuffer;
import java.awt.image.DataBufferByte;
import java.awt.image.PixelInterleavedSampleModel;
import java.awt.image.Raster;
import java.awt.image.WritableRaster;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.util.Iterator;
import java.util.Locale;
import javax.imageio.ImageReadParam;
import javax.imageio.ImageReader;
import javax.imageio.spi.IIORegistry;
import javax.imageio.spi.ImageReaderSpi;
import javax.imageio.stream.ImageInputStream;
import javax.imageio.stream.ImageInputStreamImpl;

/**
 * JPEG by the JDK's native decoder, from a {@linkplain JpegFile canonical} copy of the file. Rows
 * are taken as they are decoded, so a baseline picture never exists as a whole.
 */
final class JpegDecoder {
  /** The JDK's own reader; others on the class path may decode differently. */
  private static final String JDK_READER = "com.sun.imageio.plugins.jpeg.JPEGImageReaderSpi";

  private JpegDecoder() {}

  static void decode(Bytes bytes, Deadline deadline, RowSink sink) throws ImageRejectedException {
    JpegFile file = JpegFile.parse(bytes);
    Warnings warnings = new Warnings();
    ImageReader reader = null;
    try (ImageInputStream in = new MemoryInput(file.canonical(), deadline)) {
      reader = jdkReader();
      reader.setInput(in, true, true);
      reader.addIIOReadWarningListener((source, warning) -> warnings.add(warning));
      if (file.encoding().components() == 4) {
        inkRows(reader.readRaster(0, null), file.encoding(), deadline, sink);
      } else {
        RowTap tap = new RowTap(file, deadline, sink);
        ImageReadParam param = reader.getDefaultReadParam();
        param.setDestination(tap.image());
        reader.read(0, param);
        tap.finish();
      }
    } catch (TimeoutSignal e) {
      throw deadline.rejection();
    } catch (IOException | RuntimeException e) {
      if (deadline.passed()) {
        throw deadline.rejection();
      }
      warnings.check();
      throw new ImageRejectedException(
          RejectionCode.CORRUPT,
          "JPEG cannot be decoded (%s): the file is damaged; export or send it again"
              .formatted(e.getMessage()),
          e);
    } finally {
      if (reader != null) {
        reader.dispose();
      }
    }
    warnings.check();
    deadline.check();
  }

  /** A new instance of the JDK's own reader, whatever else is registered. */
  static ImageReader jdkReader() {
    Iterator<ImageReaderSpi> spis =
        IIORegistry.getDefaultInstance()
            .getServiceProviders(
                ImageReaderSpi.class, spi -> spi.getClass().getName().equals(JDK_READER), false);
    if (!spis.hasNext()) {
      throw new IllegalStateException(
          "the JDK's JPEG reader is missing (expected: a JDK with the module java.desktop)");
    }
    try {
      return spis.next().createReaderInstance();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static void inkRows(
      Raster raster, ColourEncoding encoding, Deadline deadline, RowSink sink)
      throws ImageRejectedException {
    byte[] inks = ((DataBufferByte) raster.getDataBuffer()).getData();
    int width = raster.getWidth();
    byte[] row = new byte[width * RgbImage.CHANNELS];
    for (int y = 0; y < raster.getHeight(); y++) {
      if (sink.wants(y)) {
        deadline.check();
        for (int x = sink.firstColumn(); x < sink.endColumn(); x++) {
          if (encoding == ColourEncoding.YCCK) {
            Inks.ycckToCmyk(inks, (y * width + x) * 4);
          }
          Inks.storedCmykToRgb(inks, (y * width + x) * 4, row, x * RgbImage.CHANNELS);
        }
        sink.row(y, row, 0);
      }
    }
  }

  /** Thrown through the native decoder when the deadline passes between two rows. */
  private static final class TimeoutSignal extends RuntimeException {
    private static final long serialVersionUID = 1L;

    TimeoutSignal() {
      super("deadline", null, false, false);
    }
  }

  /** A destination that keeps nothing: each decoded row goes straight to the sink. */
  private static final class RowTap extends WritableRaster {
    private final Deadline deadline;
    private final RowSink sink;

    /** The picture as far as the scans so far make it; the JDK delivers it after each of them. */
    private final byte[] passes;

    private int rows;

    RowTap(JpegFile file, Deadline deadline, RowSink sink) {
      super(
          new PixelInterleavedSampleModel(
              DataBuffer.TYPE_BYTE,
              file.header().width(),
              file.header().height(),
              RgbImage.CHANNELS,
              file.header().width() * RgbImage.CHANNELS,
              new int[] {0, 1, 2}),
          new DataBufferByte(1),
          new Point());
      this.deadline = deadline;
      this.sink = sink;
      this.passes =
          file.multiScan()
              ? new byte[Math.toIntExact(file.header().pixels() * RgbImage.CHANNELS)]
              : null;
    }

    BufferedImage image() {
      return new BufferedImage(
          new ComponentColorModel(
              ColorSpace.getInstance(ColorSpace.CS_sRGB),
              false,
              false,
              ComponentColorModel.OPAQUE,
              DataBuffer.TYPE_BYTE),
          this,
          false,
          null);
    }

    @Override
    public void setRect(int x, int y, Raster row) {
      if (row.getWidth() != getWidth() || row.getHeight() != 1 || row.getNumBands() != 3) {
        throw new IllegalStateException("the JDK's decoder delivers %s".formatted(row));
      }
      rows++;
      if (sink.wants(y)) {
        if (deadline.passed()) {
          throw new TimeoutSignal();
        }
        byte[] pixels = ((DataBufferByte) row.getDataBuffer()).getData();
        if (passes == null) {
          sink.row(y, pixels, 0);
        } else {
          System.arraycopy(pixels, 0, passes, y * pixels.length, pixels.length);
        }
      }
    }

    void finish() throws ImageRejectedException {
      if (rows < getHeight()) {
        throw Bytes.truncated("JPEG data stops after %d of %d rows".formatted(rows, getHeight()));
      }
      for (int y = 0; passes != null && y < getHeight(); y++) {
        sink.row(y, passes, y * getWidth() * RgbImage.CHANNELS);
      }
    }
  }

  /**
   * What libjpeg tells and then carries on with grey or garbage. All are refused but those that
   * leave the picture whole.
   */
  private static final class Warnings {
    private String first;

    void add(String warning) {
      boolean harmless =
          warning.contains("extraneous bytes")
              || warning.contains("Unknown Adobe color transform")
              || warning.contains("Invalid SOS parameters");
      if (first == null && !harmless) {
        first = warning;
      }
    }

    void check() throws ImageRejectedException {
      if (first == null) {
        return;
      }
      String lower = first.toLowerCase(Locale.ROOT);
      throw lower.contains("premature end")
          ? Bytes.truncated("JPEG data is incomplete (%s)".formatted(first))
          : Bytes.corrupt("JPEG data is damaged (%s)".formatted(first));
    }
  }

  /** The canonical file as ImageIO wants it: in memory, no temporary file, under the deadline. */
  private static final class MemoryInput extends ImageInputStreamImpl {
    private final byte[] data;
    private final Deadline deadline;

    MemoryInput(byte[] data, Deadline deadline) {
      this.data = data;
      this.deadline = deadline;
    }

    @Override
    public int read() {
      bitOffset = 0;
      return streamPos >= data.length ? -1 : data[(int) streamPos++] & 0xff;
    }

    @Override
    public int read(byte[] into, int offset, int length) throws IOException {
      if (deadline.passed()) {
        throw new IOException("deadline");
      }
      bitOffset = 0;
      if (streamPos >= data.length) {
        return -1;
      }
      int count = Math.min(length, data.length - (int) streamPos);
      System.arraycopy(data, (int) streamPos, into, offset, count);
      streamPos += count;
      return count;
    }

    @Override
    public long length() {
      return data.length;
    }
  }
}
