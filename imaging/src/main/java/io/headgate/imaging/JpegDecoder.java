package io.headgate.imaging;

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
 * JPEG. The common kind, one scan with common sampling, goes through the JDK's native decoder, from
 * a {@linkplain JpegFile canonical} copy of the file, and its rows are taken as they come: such a
 * picture never exists as a whole. The rest (several scans, inks, odd sampling) is decoded by
 * {@link JpegFrame} and {@link JpegPixels}, because the JDK draws a progressive picture once per
 * scan, and its builds differ in how they enlarge oddly sampled chroma.
 */
final class JpegDecoder {
  /** The JDK's own reader; others on the class path may decode differently. */
  private static final String JDK_READER = "com.sun.imageio.plugins.jpeg.JPEGImageReaderSpi";

  private JpegDecoder() {}

  static void decode(Bytes bytes, ImageLimits limits, Deadline deadline, RowSink sink)
      throws ImageRejectedException {
    JpegFile file = JpegFile.parse(bytes);
    if (!file.multiScan() && file.commonSampling() && file.encoding().components() < 4) {
      decodeByJdk(file, deadline, sink);
      return;
    }
    // Two bytes each: as much memory as an RGB picture of the allowed size with a byte to spare.
    JpegFrame frame = JpegFrame.read(file.canonical(), 2 * limits.maxPixels(), deadline);
    if (frame.unfinished() && file.encoding().components() < 4) {
      // libjpeg guesses what was not sent from the blocks around; so does the JDK.
      decodeByJdk(file, deadline, sink);
    } else {
      JpegPixels.rows(frame, file.encoding(), deadline, sink);
    }
  }

  private static void decodeByJdk(JpegFile file, Deadline deadline, RowSink sink)
      throws ImageRejectedException {
    Warnings warnings = new Warnings();
    ImageReader reader = jdkReader();
    try (ImageInputStream in = new MemoryInput(file.canonical(), deadline)) {
      reader.setInput(in, true, true);
      reader.addIIOReadWarningListener((source, warning) -> warnings.add(warning));
      RowTap tap = new RowTap(file, deadline, sink);
      ImageReadParam param = reader.getDefaultReadParam();
      param.setDestination(tap.image());
      reader.read(0, param);
      warnings.check();
      tap.finish();
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
      reader.dispose();
    }
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
