package io.headgate.imaging;

/**
 * All coefficients of a JPEG picture: Huffman-coded sequential and progressive, in any number of
 * scans (ITU-T T.81, annexes F and G). Reads {@linkplain JpegFile canonical} files.
 */
final class JpegFrame {
  private static final int SOF0 = 0xc0;
  private static final int SOF2 = 0xc2;
  private static final int DHT = 0xc4;
  private static final int RST0 = 0xd0;
  private static final int RST7 = 0xd7;
  private static final int EOI = 0xd9;
  private static final int SOS = 0xda;
  private static final int DQT = 0xdb;
  private static final int DRI = 0xdd;
  private static final int TABLES = 4;
  private static final int MAX_POINT_TRANSFORM = 13;

  /** Coefficients whose precision libjpeg looks at before it smooths unfinished blocks. */
  private static final int SMOOTHED = 10;

  private static final int[] NATURAL_ORDER = {
    0, 1, 8, 16, 9, 2, 3, 10, 17, 24, 32, 25, 18, 11, 4, 5,
    12, 19, 26, 33, 40, 48, 41, 34, 27, 20, 13, 6, 7, 14, 21, 28,
    35, 42, 49, 56, 57, 50, 43, 36, 29, 22, 15, 23, 30, 37, 44, 51,
    58, 59, 52, 45, 38, 31, 39, 46, 53, 60, 61, 54, 47, 55, 62, 63
  };

  private final Bytes bytes;
  private final Deadline deadline;
  private final int[][] quantization = new int[TABLES][];
  private final JpegHuffman[] dcCodes = new JpegHuffman[TABLES];
  private final JpegHuffman[] acCodes = new JpegHuffman[TABLES];
  private boolean progressive;
  private int restartInterval;
  private int endOfBandRun;
  private int width;
  private int height;
  private int maxH;
  private int maxV;
  private JpegComponent[] components;

  private JpegFrame(byte[] canonical, Deadline deadline) {
    this.bytes = new Bytes(canonical);
    this.deadline = deadline;
  }

  /**
   * @param maxCoefficients how many may be held in memory
   */
  static JpegFrame read(byte[] canonical, long maxCoefficients, Deadline deadline)
      throws ImageRejectedException {
    JpegFrame frame = new JpegFrame(canonical, deadline);
    frame.readSegments(maxCoefficients);
    return frame;
  }

  int width() {
    return width;
  }

  int height() {
    return height;
  }

  int maxH() {
    return maxH;
  }

  int maxV() {
    return maxV;
  }

  JpegComponent[] components() {
    return components;
  }

  /**
   * Whether low frequencies are still imprecise after the last scan. libjpeg then guesses them from
   * the blocks around.
   */
  boolean unfinished() {
    for (JpegComponent component : components) {
      for (int k = 0; progressive && k < SMOOTHED; k++) {
        if (component.missingBits[k] != 0) {
          return true;
        }
      }
    }
    return false;
  }

  private void readSegments(long maxCoefficients) throws ImageRejectedException {
    int at = 2;
    while (true) {
      while (bytes.u8(at) != 0xff || bytes.u8(at + 1) == 0xff || bytes.u8(at + 1) == 0) {
        at++;
      }
      int marker = bytes.u8(at + 1);
      at += 2;
      if (marker == EOI) {
        break;
      }
      if (marker >= RST0 && marker <= RST7) {
        continue;
      }
      int end = at + bytes.u16be(at);
      switch (marker) {
        case DQT -> readQuantization(at + 2, end);
        case DHT -> readHuffman(at + 2, end);
        case DRI -> restartInterval = bytes.u16be(at + 2);
        case SOF0, SOF0 + 1, SOF2 -> {
          progressive = marker == SOF2;
          readFrame(at, maxCoefficients);
        }
        case SOS -> end = readScan(at, end);
        default -> {}
      }
      at = end;
    }
    for (JpegComponent component : components) {
      if (component.quantization == null) {
        throw Bytes.truncated("JPEG without a scan of component %d".formatted(component.id));
      }
    }
  }

  private void readQuantization(int at, int end) throws ImageRejectedException {
    while (at < end) {
      int info = bytes.u8(at++);
      int size = info >> 4 == 0 ? 1 : 2;
      if ((info & 15) >= TABLES || info >> 4 > 1) {
        throw Bytes.corrupt("JPEG with quantization table %d".formatted(info));
      }
      int[] table = new int[JpegComponent.BLOCK_SIZE];
      for (int k = 0; k < table.length; k++, at += size) {
        table[NATURAL_ORDER[k]] = size == 1 ? bytes.u8(at) : bytes.u16be(at);
      }
      quantization[info & 15] = table;
    }
  }

  private void readHuffman(int at, int end) throws ImageRejectedException {
    while (at < end) {
      int info = bytes.u8(at++);
      if ((info & 15) >= TABLES || info >> 4 > 1) {
        throw Bytes.corrupt("JPEG with Huffman table %d".formatted(info));
      }
      boolean dc = info >> 4 == 0;
      (dc ? dcCodes : acCodes)[info & 15] = new JpegHuffman(bytes, at, dc);
      for (int length = 0, codes = at; length < 16; length++) {
        at += bytes.u8(codes + length);
      }
      at += 16;
    }
  }

  private void readFrame(int at, long maxCoefficients) throws ImageRejectedException {
    height = bytes.u16be(at + 3);
    width = bytes.u16be(at + 5);
    components = new JpegComponent[bytes.u8(at + 7)];
    for (int i = 0; i < components.length; i++) {
      int info = at + 8 + 3 * i;
      int factors = bytes.u8(info + 1);
      JpegComponent component =
          new JpegComponent(bytes.u8(info), factors >> 4, factors & 15, bytes.u8(info + 2));
      if (component.h < 1
          || component.h > 4
          || component.v < 1
          || component.v > 4
          || component.tableIndex >= TABLES) {
        throw Bytes.corrupt(
            "JPEG with sampling factors %dx%d".formatted(factors >> 4, factors & 15));
      }
      components[i] = component;
      maxH = Math.max(maxH, component.h);
      maxV = Math.max(maxV, component.v);
    }
    long coefficients = 0;
    for (JpegComponent component : components) {
      if (maxH % component.h != 0 || maxV % component.v != 0) {
        throw Bytes.unsupported("JPEG with fractional sampling factors");
      }
      component.width = ceil(width * component.h, maxH);
      component.height = ceil(height * component.v, maxV);
      component.blocksAcross = ceil(component.width, JpegComponent.BLOCK);
      component.blocksDown = ceil(component.height, JpegComponent.BLOCK);
      component.stride = ceil(width, maxH * JpegComponent.BLOCK) * component.h;
      coefficients += size(component);
    }
    if (coefficients > maxCoefficients) {
      throw new ImageRejectedException(
          RejectionCode.TOO_MANY_PIXELS,
          "JPEG of %dx%d pixels in several scans needs %d coefficients in memory (expected: at most"
                  .formatted(width, height, coefficients)
              + " %d): save it as baseline, scale it down or raise the pixel limit"
                  .formatted(maxCoefficients));
    }
    for (JpegComponent component : components) {
      component.coefficients = new short[Math.toIntExact(size(component))];
    }
  }

  private long size(JpegComponent component) {
    long rows = (long) ceil(height, maxV * JpegComponent.BLOCK) * component.v;
    return rows * component.stride * JpegComponent.BLOCK_SIZE;
  }

  /** Returns the position after the scan's data. */
  private int readScan(int at, int dataAt) throws ImageRejectedException {
    int count = bytes.u8(at + 2);
    if (count < 1 || count > components.length || bytes.u16be(at) != 6 + 2 * count) {
      throw Bytes.corrupt("JPEG scan of %d components".formatted(count));
    }
    int parameters = at + 3 + 2 * count;
    Band band =
        progressive
            ? new Band(
                bytes.u8(parameters),
                bytes.u8(parameters + 1),
                bytes.u8(parameters + 2) >> 4,
                bytes.u8(parameters + 2) & 15)
            : new Band(0, JpegComponent.BLOCK_SIZE - 1, 0, 0);
    if (progressive) {
      band.check(count);
    }
    JpegComponent[] scanned = new JpegComponent[count];
    JpegHuffman[] dc = new JpegHuffman[count];
    JpegHuffman[] ac = new JpegHuffman[count];
    for (int i = 0; i < count; i++) {
      JpegComponent component = component(bytes.u8(at + 3 + 2 * i));
      for (int j = 0; j < i; j++) {
        if (scanned[j] == component) {
          throw Bytes.corrupt("JPEG scan with component %d twice".formatted(component.id));
        }
      }
      scanned[i] = component;
      int tables = bytes.u8(at + 4 + 2 * i);
      dc[i] = dcCodes[tables >> 4 & TABLES - 1];
      ac[i] = acCodes[tables & TABLES - 1];
      boolean needsDc = band.first == 0 && band.high == 0;
      boolean needsAc = band.last > 0;
      if (needsDc && dc[i] == null || needsAc && ac[i] == null) {
        throw Bytes.corrupt("JPEG scan without its Huffman table");
      }
      begin(component, band);
    }
    JpegBits bits = new JpegBits(bytes.array(), dataAt);
    if (count == 1) {
      readBlocks(scanned[0], dc[0], ac[0], band, bits);
    } else {
      readInterleaved(scanned, dc, ac, band, bits);
    }
    bits.end();
    return dataAt;
  }

  private JpegComponent component(int id) throws ImageRejectedException {
    for (JpegComponent component : components) {
      if (component.id == id) {
        return component;
      }
    }
    throw Bytes.corrupt("JPEG scan of an unknown component %d".formatted(id));
  }

  private void begin(JpegComponent component, Band band) throws ImageRejectedException {
    if (component.quantization == null) {
      if (quantization[component.tableIndex] == null) {
        throw Bytes.corrupt("JPEG scan without its quantization table");
      }
      component.quantization = quantization[component.tableIndex];
    }
    if (band.first > 0 && component.missingBits[0] < 0) {
      throw Bytes.corrupt("JPEG scan of details before their mean");
    }
    for (int k = band.first; k <= band.last; k++) {
      int expected = Math.max(component.missingBits[k], 0);
      if (progressive && band.high != expected) {
        throw Bytes.corrupt("JPEG scans in a wrong order");
      }
      component.missingBits[k] = band.low;
    }
  }

  /** A scan of one component covers only the blocks that are in the picture. */
  private void readBlocks(
      JpegComponent component, JpegHuffman dc, JpegHuffman ac, Band band, JpegBits bits)
      throws ImageRejectedException {
    Restarts restarts = new Restarts(bits);
    component.lastDc = 0;
    endOfBandRun = 0;
    for (int row = 0; row < component.blocksDown; row++) {
      deadline.check();
      bits.requireData();
      for (int column = 0; column < component.blocksAcross; column++) {
        if (restarts.due()) {
          component.lastDc = 0;
          endOfBandRun = 0;
        }
        readBlock(component, row * component.stride + column, dc, ac, band, bits);
      }
    }
  }

  private void readInterleaved(
      JpegComponent[] scanned, JpegHuffman[] dc, JpegHuffman[] ac, Band band, JpegBits bits)
      throws ImageRejectedException {
    int across = ceil(width, maxH * JpegComponent.BLOCK);
    int down = ceil(height, maxV * JpegComponent.BLOCK);
    Restarts restarts = new Restarts(bits);
    for (JpegComponent component : scanned) {
      component.lastDc = 0;
    }
    for (int row = 0; row < down; row++) {
      deadline.check();
      bits.requireData();
      for (int column = 0; column < across; column++) {
        if (restarts.due()) {
          for (JpegComponent component : scanned) {
            component.lastDc = 0;
          }
        }
        for (int i = 0; i < scanned.length; i++) {
          JpegComponent component = scanned[i];
          for (int y = 0; y < component.v; y++) {
            for (int x = 0; x < component.h; x++) {
              int block = (row * component.v + y) * component.stride + column * component.h + x;
              readBlock(component, block, dc[i], ac[i], band, bits);
            }
          }
        }
      }
    }
  }

  private void readBlock(
      JpegComponent component, int block, JpegHuffman dc, JpegHuffman ac, Band band, JpegBits bits)
      throws ImageRejectedException {
    short[] c = component.coefficients;
    int at = block * JpegComponent.BLOCK_SIZE;
    if (!progressive) {
      component.lastDc += bits.number(dc.read(bits));
      c[at] = (short) component.lastDc;
      readSequential(c, at, ac, bits);
    } else if (band.first == 0) {
      if (band.high == 0) {
        component.lastDc += bits.number(dc.read(bits));
        c[at] = (short) (component.lastDc << band.low);
      } else if (bits.bit() != 0) {
        c[at] |= (short) (1 << band.low);
      }
    } else if (band.high == 0) {
      readFirst(c, at, ac, band, bits);
    } else {
      readRefinement(c, at, ac, band, bits);
    }
  }

  private static void readSequential(short[] c, int at, JpegHuffman ac, JpegBits bits)
      throws ImageRejectedException {
    int k = 1;
    while (k < JpegComponent.BLOCK_SIZE) {
      int symbol = ac.read(bits);
      int run = symbol >> 4;
      int size = symbol & 15;
      if (size == 0) {
        if (run != 15) {
          return;
        }
        k += 16;
        continue;
      }
      k += run;
      if (k >= JpegComponent.BLOCK_SIZE) {
        throw Bytes.corrupt("JPEG data is damaged (a block of more than 64 coefficients)");
      }
      c[at + NATURAL_ORDER[k++]] = (short) bits.number(size);
    }
  }

  /** Annex G.1.2.2. */
  private void readFirst(short[] c, int at, JpegHuffman ac, Band band, JpegBits bits)
      throws ImageRejectedException {
    if (endOfBandRun > 0) {
      endOfBandRun--;
      return;
    }
    int k = band.first;
    while (k <= band.last) {
      int symbol = ac.read(bits);
      int run = symbol >> 4;
      int size = symbol & 15;
      if (size == 0) {
        if (run != 15) {
          endOfBandRun = (1 << run) + bits.read(run) - 1;
          return;
        }
        k += 16;
        continue;
      }
      k += run;
      if (k >= JpegComponent.BLOCK_SIZE) {
        throw Bytes.corrupt("JPEG data is damaged (a block of more than 64 coefficients)");
      }
      c[at + NATURAL_ORDER[k++]] = (short) (bits.number(size) << band.low);
    }
  }

  /** Annex G.1.2.3: one more bit of known coefficients, and new ones of magnitude one. */
  private void readRefinement(short[] c, int at, JpegHuffman ac, Band band, JpegBits bits)
      throws ImageRejectedException {
    int k = band.first;
    if (endOfBandRun == 0) {
      while (k <= band.last) {
        int symbol = ac.read(bits);
        int run = symbol >> 4;
        int value = 0;
        if ((symbol & 15) != 0) {
          value = bits.bit() != 0 ? 1 << band.low : -1 << band.low;
        } else if (run != 15) {
          endOfBandRun = (1 << run) + bits.read(run);
          break;
        }
        // Past known coefficients, and past as many zeros as the run says.
        for (; k <= band.last; k++) {
          int position = at + NATURAL_ORDER[k];
          if (c[position] != 0) {
            refine(c, position, band, bits);
          } else if (run-- == 0) {
            if (value != 0) {
              c[position] = (short) value;
            }
            break;
          }
        }
        k++;
      }
    }
    if (endOfBandRun > 0) {
      for (; k <= band.last; k++) {
        int position = at + NATURAL_ORDER[k];
        if (c[position] != 0) {
          refine(c, position, band, bits);
        }
      }
      endOfBandRun--;
    }
  }

  private static void refine(short[] c, int position, Band band, JpegBits bits) {
    if (bits.bit() != 0 && (c[position] & 1 << band.low) == 0) {
      c[position] += (short) (c[position] > 0 ? 1 << band.low : -1 << band.low);
    }
  }

  private static int ceil(int value, int divisor) {
    return (value + divisor - 1) / divisor;
  }

  /**
   * What a progressive scan sends.
   *
   * @param first coefficient, in zigzag order
   * @param last coefficient
   * @param high bits that were missing before, 0 in a first scan
   * @param low bits that are missing after
   */
  private record Band(int first, int last, int high, int low) {
    void check(int components) throws ImageRejectedException {
      boolean ok =
          first == 0
              ? last == 0
              : last >= first && last < JpegComponent.BLOCK_SIZE && components == 1;
      if (!ok || high != 0 && low != high - 1 || low > MAX_POINT_TRANSFORM) {
        throw Bytes.corrupt(
            "JPEG scan of coefficients %d to %d, bits %d to %d".formatted(first, last, high, low));
      }
    }
  }

  /** Counts MCUs between restart markers. */
  private final class Restarts {
    private final JpegBits bits;
    private int left = restartInterval;
    private int next;

    Restarts(JpegBits bits) {
      this.bits = bits;
    }

    /** Whether a restart marker stood before the next MCU; it is stepped over. */
    boolean due() throws ImageRejectedException {
      if (restartInterval == 0 || left-- > 0) {
        return false;
      }
      bits.restart(next);
      next = next + 1 & 7;
      left = restartInterval - 1;
      return true;
    }
  }
}
