package io.headgate.imaging;

import io.headgate.imaging.JpegFile.ColourEncoding;

/**
 * Coefficients to RGB rows with libjpeg-turbo's arithmetic: the accurate integer DCT, its
 * triangular ("fancy") upsampling with its alternating roundings, 16-bit fixed-point colours. Only
 * the blocks that reach wanted pixels are transformed, one row of blocks at a time.
 */
final class JpegPixels {
  private static final int BLOCK = JpegComponent.BLOCK;
  private static final int BLOCK_SIZE = JpegComponent.BLOCK_SIZE;

  private final JpegFrame frame;
  private final ColourEncoding encoding;
  private final RowSink sink;
  private final Plane[] planes;

  private JpegPixels(JpegFrame frame, ColourEncoding encoding, RowSink sink) {
    this.frame = frame;
    this.encoding = encoding;
    this.sink = sink;
    JpegComponent[] components = frame.components();
    planes = new Plane[components.length];
    for (int i = 0; i < planes.length; i++) {
      planes[i] = new Plane(components[i]);
    }
  }

  static void rows(JpegFrame frame, ColourEncoding encoding, Deadline deadline, RowSink sink)
      throws ImageRejectedException {
    JpegPixels pixels = new JpegPixels(frame, encoding, sink);
    byte[] rgb = new byte[frame.width() * RgbImage.CHANNELS];
    for (int y = 0; y < frame.height(); y++) {
      if (sink.wants(y)) {
        deadline.check();
        pixels.row(y, rgb);
        sink.row(y, rgb, 0);
      }
    }
  }

  private void row(int y, byte[] rgb) {
    for (Plane plane : planes) {
      plane.fillRow(y);
    }
    byte[] first = planes[0].row;
    int end = sink.endColumn();
    switch (encoding) {
      case GRAY -> {
        for (int x = sink.firstColumn(), to = x * 3; x < end; x++, to += 3) {
          rgb[to] = first[x];
          rgb[to + 1] = first[x];
          rgb[to + 2] = first[x];
        }
      }
      case RGB -> {
        for (int x = sink.firstColumn(), to = x * 3; x < end; x++, to += 3) {
          rgb[to] = first[x];
          rgb[to + 1] = planes[1].row[x];
          rgb[to + 2] = planes[2].row[x];
        }
      }
      case YCBCR -> {
        byte[] cb = planes[1].row;
        byte[] cr = planes[2].row;
        for (int x = sink.firstColumn(), to = x * 3; x < end; x++, to += 3) {
          int luma = first[x] & 0xff;
          int blue = (cb[x] & 0xff) - 128;
          int red = (cr[x] & 0xff) - 128;
          rgb[to] = clip(luma + (91881 * red + 32768 >> 16));
          rgb[to + 1] = clip(luma + (-22554 * blue - 46802 * red + 32768 >> 16));
          rgb[to + 2] = clip(luma + (116130 * blue + 32768 >> 16));
        }
      }
      default -> {
        byte[] inks = new byte[4];
        for (int x = sink.firstColumn(); x < end; x++) {
          for (int i = 0; i < inks.length; i++) {
            inks[i] = planes[i].row[x];
          }
          if (encoding == ColourEncoding.YCCK) {
            Inks.ycckToCmyk(inks, 0);
          }
          Inks.storedCmykToRgb(inks, 0, rgb, x * 3);
        }
      }
    }
  }

  private static byte clip(int value) {
    return (byte) (value < 0 ? 0 : Math.min(value, 255));
  }

  /** One component at the size of the picture, row by row. */
  private final class Plane {
    private final JpegComponent component;

    /** Columns of this component's own samples that are needed, whole blocks. */
    private final int firstBlock;

    private final int endBlock;

    /** The last two rows of blocks, by parity of their number. */
    private final byte[][] strips = new byte[2][];

    private final int[] stripRows = {-1, -1};
    private final int stride;
    private final int[] workspace = new int[BLOCK_SIZE];

    /** Current row of the picture. */
    private final byte[] row;

    /** Sums of two rows, where both directions are interpolated. */
    private final int[] sums;

    private final boolean doubledAcross;
    private final boolean doubledDown;
    private final boolean smooth;

    Plane(JpegComponent component) {
      this.component = component;
      int across = frame.maxH() / component.h;
      int down = frame.maxV() / component.v;
      doubledAcross = across == 2;
      doubledDown = down == 2;
      // libjpeg interpolates only these shapes; a doubled row of one or two samples is repeated.
      smooth =
          across <= 2 && down <= 2 && across * down > 1 && (across == 1 || component.width > 2);
      firstBlock = Math.max(sink.firstColumn() / across - 1, 0) / BLOCK;
      int lastSample = Math.min((sink.endColumn() - 1) / across + 1, component.width - 1);
      endBlock = lastSample / BLOCK + 1;
      stride = component.blocksAcross * BLOCK;
      row = new byte[(component.width + 1) * across];
      sums = smooth && doubledAcross && doubledDown ? new int[component.width] : null;
    }

    /** Samples of row {@code r} of the component start here, in the strip of its parity. */
    private byte[] strip(int r) {
      int blockRow = r / BLOCK;
      int parity = blockRow & 1;
      if (stripRows[parity] != blockRow) {
        if (strips[parity] == null) {
          strips[parity] = new byte[stride * BLOCK];
        }
        for (int column = firstBlock; column < endBlock; column++) {
          JpegTransform.inverse(
              component.coefficients,
              (blockRow * component.stride + column) * BLOCK_SIZE,
              component.quantization,
              workspace,
              strips[parity],
              column * BLOCK,
              stride);
        }
        stripRows[parity] = blockRow;
      }
      return strips[parity];
    }

    private void fillRow(int y) {
      int down = frame.maxV() / component.v;
      int across = frame.maxH() / component.h;
      int near = y / down;
      int far = Math.max(0, Math.min((y & 1) == 0 ? near - 1 : near + 1, component.height - 1));
      byte[] nearStrip = strip(near);
      int nearAt = near % BLOCK * stride;
      int from = firstBlock * BLOCK;
      int to = Math.min(endBlock * BLOCK, component.width);
      if (!smooth) {
        if (across == 1) {
          System.arraycopy(nearStrip, nearAt + from, row, from, to - from);
        } else {
          repeat(nearStrip, nearAt, from, to, across);
        }
      } else if (!doubledAcross) {
        byte[] farStrip = strip(far);
        int farAt = far % BLOCK * stride;
        int bias = (y & 1) == 0 ? 1 : 2;
        for (int x = from; x < to; x++) {
          row[x] =
              (byte)
                  (3 * (nearStrip[nearAt + x] & 0xff) + (farStrip[farAt + x] & 0xff) + bias >> 2);
        }
      } else if (!doubledDown) {
        widen(nearStrip, nearAt, from, to);
      } else {
        byte[] farStrip = strip(far);
        int farAt = far % BLOCK * stride;
        for (int x = from; x < to; x++) {
          sums[x] = 3 * (nearStrip[nearAt + x] & 0xff) + (farStrip[farAt + x] & 0xff);
        }
        widenSums(from, to);
      }
    }

    private void repeat(byte[] strip, int at, int from, int to, int times) {
      for (int x = from; x < to; x++) {
        for (int i = 0; i < times; i++) {
          row[x * times + i] = strip[at + x];
        }
      }
    }

    private void widen(byte[] s, int at, int from, int to) {
      int last = component.width - 1;
      for (int x = from; x < to; x++) {
        int sample = s[at + x] & 0xff;
        int left = x == 0 ? sample : s[at + x - 1] & 0xff;
        int right = x == last ? sample : s[at + x + 1] & 0xff;
        row[2 * x] = (byte) (x == 0 ? sample : 3 * sample + left + 1 >> 2);
        row[2 * x + 1] = (byte) (x == last ? sample : 3 * sample + right + 2 >> 2);
      }
    }

    private void widenSums(int from, int to) {
      int last = component.width - 1;
      for (int x = from; x < to; x++) {
        int sum = sums[x];
        row[2 * x] = (byte) (x == 0 ? 4 * sum + 8 >> 4 : 3 * sum + sums[x - 1] + 8 >> 4);
        row[2 * x + 1] = (byte) (x == last ? 4 * sum + 7 >> 4 : 3 * sum + sums[x + 1] + 7 >> 4);
      }
    }
  }
}
