package io.headgate.imaging;

import java.util.Arrays;

/**
 * A key frame of VP8, WebP's lossy format (RFC 6386). All macroblocks are predicted and corrected
 * first, from unfiltered neighbours as the format demands, then the loop filter runs over the whole
 * frame. Coefficients are cut to 16 bits where libwebp does.
 */
final class Vp8Decoder {
  private static final int MACROBLOCK = 16;
  private static final int SEGMENTS = 4;
  private static final int FRAME_TAG = 10;

  /** Luma modes of a whole macroblock; the first four are chroma's too. */
  private static final int DC = 0;

  private static final int VERTICAL = 1;
  private static final int HORIZONTAL = 2;
  private static final int TRUE_MOTION = 3;
  private static final int SUBBLOCKS = 4;

  private static final int TYPE_LUMA_AC = 0;
  private static final int TYPE_LUMA_DC = 1;
  private static final int TYPE_CHROMA = 2;
  private static final int TYPE_LUMA = 3;
  private static final int BAND_STRIDE = Vp8Tables.CONTEXTS * Vp8Tables.PROBABILITIES;
  private static final int TYPE_STRIDE = Vp8Tables.BANDS * BAND_STRIDE;

  private final Bytes bytes;
  private final int from;
  private final int end;
  private final Deadline deadline;
  private final int width;
  private final int height;
  private final int across;
  private final int down;
  private final Vp8Plane y;
  private final Vp8Plane u;
  private final Vp8Plane v;

  private Vp8Bits header;
  private Vp8Bits[] partitions;

  private boolean segmented;
  private boolean segmentMap;
  private boolean absoluteSegments;
  private final int[] segmentQuantizer = new int[SEGMENTS];
  private final int[] segmentFilter = new int[SEGMENTS];
  private final int[] segmentProbability = {255, 255, 255};

  private boolean simpleFilter;
  private int filterLevel;
  private int sharpness;
  private boolean filterDeltas;
  private final int[] referenceDelta = new int[4];
  private final int[] modeDelta = new int[4];

  /** Per segment: luma DC, AC, whole-luma DC, AC, chroma DC, AC. */
  private final int[][] steps = new int[SEGMENTS][];

  private final int[] probability = Vp8Tables.COEFFICIENT_DEFAULT.clone();
  private boolean skipping;
  private int skipProbability;

  /** Submodes of the row above, four a macroblock, and of the macroblock to the left. */
  private final int[] modesAbove;

  private final int[] modesLeft = new int[4];

  /** Whether the neighbours' blocks had coefficients: four luma, two u, two v, the whole luma. */
  private static final int U_CONTEXT = 4;

  private static final int V_CONTEXT = 6;
  private static final int DC_CONTEXT = 8;
  private static final int CONTEXTS = 9;

  private final boolean[] nonZeroAbove;
  private final boolean[] nonZeroLeft = new boolean[CONTEXTS];

  private final short[] coefficients = new short[25 * MACROBLOCK];
  private final int[] subModes = new int[MACROBLOCK];

  /** Per macroblock, for the loop filter: level, 0 to 63, and whether inner edges are filtered. */
  private final byte[] levels;

  private final boolean[] inner;

  private Vp8Decoder(Bytes bytes, int from, int end, Deadline deadline)
      throws ImageRejectedException {
    this.bytes = bytes;
    this.from = from;
    this.end = end;
    this.deadline = deadline;
    width = bytes.u16le(from + 6) & 0x3fff;
    height = bytes.u16le(from + 8) & 0x3fff;
    across = (width + MACROBLOCK - 1) / MACROBLOCK;
    down = (height + MACROBLOCK - 1) / MACROBLOCK;
    y = new Vp8Plane(across * MACROBLOCK, down * MACROBLOCK);
    u = new Vp8Plane(across * MACROBLOCK / 2, down * MACROBLOCK / 2);
    v = new Vp8Plane(across * MACROBLOCK / 2, down * MACROBLOCK / 2);
    modesAbove = new int[across * 4];
    nonZeroAbove = new boolean[across * CONTEXTS];
    levels = new byte[across * down];
    inner = new boolean[across * down];
  }

  static WebpDecoder.RowSource decode(Bytes bytes, int from, int end, Deadline deadline)
      throws ImageRejectedException {
    Vp8Decoder decoder = new Vp8Decoder(bytes, from, end, deadline);
    decoder.readHeader();
    decoder.decodeMacroblocks();
    decoder.filter();
    return new Vp8Colours(decoder.y, decoder.u, decoder.v, decoder.width, decoder.height);
  }

  private void readHeader() throws ImageRejectedException {
    int tag = bytes.u24le(from);
    if ((tag & 1) != 0 || (tag >> 1 & 7) > 3 || (tag >> 4 & 1) == 0) {
      throw Bytes.corrupt("WebP (lossy) whose first frame is no key frame to show");
    }
    int firstSize = tag >> 5;
    int first = from + FRAME_TAG;
    if (firstSize > end - first) {
      throw Bytes.truncated("WebP (lossy): the first partition is cut");
    }
    header = new Vp8Bits(bytes.array(), first, first + firstSize);
    header.unsigned(2);
    readSegments();
    readFilter();
    int count = 1 << header.unsigned(2);
    readQuantizers();
    header.flag();
    for (int i = 0; i < probability.length; i++) {
      if (header.bit(Vp8Tables.COEFFICIENT_UPDATE[i]) != 0) {
        probability[i] = header.unsigned(8);
      }
    }
    skipping = header.flag();
    skipProbability = skipping ? header.unsigned(8) : 0;
    findPartitions(first + firstSize, count);
  }

  private void readSegments() {
    segmented = header.flag();
    if (!segmented) {
      return;
    }
    segmentMap = header.flag();
    if (header.flag()) {
      absoluteSegments = header.flag();
      for (int i = 0; i < SEGMENTS; i++) {
        segmentQuantizer[i] = header.optionalSigned(7);
      }
      for (int i = 0; i < SEGMENTS; i++) {
        segmentFilter[i] = header.optionalSigned(6);
      }
    }
    if (segmentMap) {
      for (int i = 0; i < segmentProbability.length; i++) {
        segmentProbability[i] = header.flag() ? header.unsigned(8) : 255;
      }
    }
  }

  private void readFilter() {
    simpleFilter = header.flag();
    filterLevel = header.unsigned(6);
    sharpness = header.unsigned(3);
    filterDeltas = header.flag();
    if (filterDeltas && header.flag()) {
      for (int i = 0; i < referenceDelta.length; i++) {
        referenceDelta[i] = header.flag() ? header.signed(6) : referenceDelta[i];
      }
      for (int i = 0; i < modeDelta.length; i++) {
        modeDelta[i] = header.flag() ? header.signed(6) : modeDelta[i];
      }
    }
  }

  private void readQuantizers() {
    int base = header.unsigned(7);
    int lumaDc = header.optionalSigned(4);
    int wholeDc = header.optionalSigned(4);
    int wholeAc = header.optionalSigned(4);
    int chromaDc = header.optionalSigned(4);
    int chromaAc = header.optionalSigned(4);
    for (int i = 0; i < SEGMENTS; i++) {
      int q = base;
      if (segmented) {
        q = segmentQuantizer[i] + (absoluteSegments ? 0 : base);
      }
      steps[i] =
          new int[] {
            Vp8Tables.DC_STEP[clamp(q + lumaDc, 127)],
            Vp8Tables.AC_STEP[clamp(q, 127)],
            Vp8Tables.DC_STEP[clamp(q + wholeDc, 127)] * 2,
            Math.max(Vp8Tables.AC_STEP[clamp(q + wholeAc, 127)] * 155 / 100, 8),
            Vp8Tables.DC_STEP[clamp(q + chromaDc, 117)],
            Vp8Tables.AC_STEP[clamp(q + chromaAc, 127)]
          };
    }
  }

  private void findPartitions(int sizesAt, int count) throws ImageRejectedException {
    partitions = new Vp8Bits[count];
    int at = sizesAt + 3 * (count - 1);
    if (at > end) {
      throw Bytes.truncated("WebP (lossy): the partition table is cut");
    }
    for (int i = 0; i < count; i++) {
      int size = i < count - 1 ? bytes.u24le(sizesAt + 3 * i) : end - at;
      if (size > end - at) {
        throw Bytes.truncated("WebP (lossy): partition %d of %d is cut".formatted(i + 1, count));
      }
      partitions[i] = new Vp8Bits(bytes.array(), at, at + size);
      at += size;
    }
  }

  private void decodeMacroblocks() throws ImageRejectedException {
    Arrays.fill(modesAbove, Vp8Tables.B_DC);
    for (int row = 0; row < down; row++) {
      deadline.check();
      Vp8Bits tokens = partitions[row & partitions.length - 1];
      Arrays.fill(modesLeft, Vp8Tables.B_DC);
      Arrays.fill(nonZeroLeft, false);
      for (int column = 0; column < across; column++) {
        decodeMacroblock(row, column, tokens);
      }
      if (header.overrun() || tokens.overrun()) {
        throw Bytes.truncated("WebP (lossy) pixel data ends early");
      }
    }
  }

  private void decodeMacroblock(int row, int column, Vp8Bits tokens) {
    int segment = segmentMap ? readSegment() : 0;
    boolean skipped = skipping && header.bit(skipProbability) != 0;
    int mode = readLumaMode(column);
    int chromaMode = readChromaMode();
    boolean coded = false;
    int aboveAt = column * CONTEXTS;
    if (skipped) {
      // The whole-luma context outlives macroblocks that have none.
      int cleared = mode == SUBBLOCKS ? DC_CONTEXT : CONTEXTS;
      Arrays.fill(nonZeroAbove, aboveAt, aboveAt + cleared, false);
      Arrays.fill(nonZeroLeft, 0, cleared, false);
    } else {
      Arrays.fill(coefficients, (short) 0);
      coded = readCoefficients(tokens, mode, steps[segment], aboveAt);
    }
    reconstruct(row, column, mode, chromaMode, coded);
    int at = row * across + column;
    levels[at] = (byte) level(segment, mode == SUBBLOCKS);
    inner[at] = mode == SUBBLOCKS || coded;
  }

  private int readSegment() {
    return header.bit(segmentProbability[0]) == 0
        ? header.bit(segmentProbability[1])
        : 2 + header.bit(segmentProbability[2]);
  }

  /** Section 11.2, with the probabilities of key frames. */
  private int readLumaMode(int column) {
    int aboveAt = column * 4;
    if (header.bit(145) == 0) {
      for (int blockRow = 0; blockRow < 4; blockRow++) {
        int left = modesLeft[blockRow];
        for (int blockColumn = 0; blockColumn < 4; blockColumn++) {
          int above = modesAbove[aboveAt + blockColumn];
          int at = (above * Vp8Tables.B_MODES + left) * (Vp8Tables.B_MODES - 1);
          int node = 0;
          do {
            node =
                Vp8Tables.B_MODE_TREE[
                    node + header.bit(Vp8Tables.B_MODE_PROBABILITY[at + (node >> 1)])];
          } while (node > 0);
          left = -node;
          modesAbove[aboveAt + blockColumn] = left;
          subModes[blockRow * 4 + blockColumn] = left;
        }
        modesLeft[blockRow] = left;
      }
      return SUBBLOCKS;
    }
    int mode;
    int implied;
    if (header.bit(156) == 0) {
      mode = header.bit(163) == 0 ? DC : VERTICAL;
      implied = mode == DC ? Vp8Tables.B_DC : Vp8Tables.B_VE;
    } else {
      mode = header.bit(128) == 0 ? HORIZONTAL : TRUE_MOTION;
      implied = mode == HORIZONTAL ? Vp8Tables.B_HE : Vp8Tables.B_TM;
    }
    Arrays.fill(modesAbove, aboveAt, aboveAt + 4, implied);
    Arrays.fill(modesLeft, implied);
    return mode;
  }

  private int readChromaMode() {
    if (header.bit(142) == 0) {
      return DC;
    }
    if (header.bit(114) == 0) {
      return VERTICAL;
    }
    return header.bit(183) == 0 ? HORIZONTAL : TRUE_MOTION;
  }

  /** Section 13. Returns whether any coefficient is not zero. */
  private boolean readCoefficients(Vp8Bits tokens, int mode, int[] step, int aboveAt) {
    int first = 0;
    int type = TYPE_LUMA;
    boolean coded = false;
    if (mode != SUBBLOCKS) {
      int whole = 24 * MACROBLOCK;
      int context = context(aboveAt, DC_CONTEXT, DC_CONTEXT);
      int count = readBlock(tokens, TYPE_LUMA_DC, context, step[2], step[3], 0, whole);
      nonZeroAbove[aboveAt + DC_CONTEXT] = count > 0;
      nonZeroLeft[DC_CONTEXT] = count > 0;
      if (count > 1) {
        Vp8Transform.inverseHadamard(coefficients, whole);
      } else {
        Vp8Transform.inverseHadamardDc(coefficients, whole);
      }
      for (int block = 0; block < MACROBLOCK; block++) {
        coded |= coefficients[block * MACROBLOCK] != 0;
      }
      first = 1;
      type = TYPE_LUMA_AC;
    }
    for (int block = 0; block < MACROBLOCK; block++) {
      coded |=
          readBlockAt(tokens, type, aboveAt, block & 3, block >> 2, step[0], step[1], first, block);
    }
    for (int block = 0; block < 8; block++) {
      int base = block < 4 ? U_CONTEXT : V_CONTEXT;
      coded |=
          readBlockAt(
              tokens,
              TYPE_CHROMA,
              aboveAt,
              base + (block & 1),
              base + (block >> 1 & 1),
              step[4],
              step[5],
              0,
              MACROBLOCK + block);
    }
    return coded;
  }

  private int context(int aboveAt, int above, int left) {
    return (nonZeroAbove[aboveAt + above] ? 1 : 0) + (nonZeroLeft[left] ? 1 : 0);
  }

  private boolean readBlockAt(
      Vp8Bits tokens,
      int type,
      int aboveAt,
      int above,
      int left,
      int dcStep,
      int acStep,
      int first,
      int block) {
    int at = block * MACROBLOCK;
    int count = readBlock(tokens, type, context(aboveAt, above, left), dcStep, acStep, first, at);
    nonZeroAbove[aboveAt + above] = count > first;
    nonZeroLeft[left] = count > first;
    return count > 1 || coefficients[at] != 0;
  }

  /** Returns one past the position of the last token; a run of zeros to the end counts as 16. */
  private int readBlock(
      Vp8Bits tokens, int type, int context, int dcStep, int acStep, int first, int out) {
    int n = first;
    int p = type * TYPE_STRIDE + Vp8Tables.BAND[n] * BAND_STRIDE;
    p += context * Vp8Tables.PROBABILITIES;
    while (n < 16) {
      if (tokens.bit(probability[p]) == 0) {
        return n;
      }
      while (tokens.bit(probability[p + 1]) == 0) {
        n++;
        if (n == 16) {
          return 16;
        }
        p = type * TYPE_STRIDE + Vp8Tables.BAND[n] * BAND_STRIDE;
      }
      int next = type * TYPE_STRIDE + Vp8Tables.BAND[n + 1] * BAND_STRIDE;
      int value;
      if (tokens.bit(probability[p + 2]) == 0) {
        value = 1;
        next += Vp8Tables.PROBABILITIES;
      } else {
        value = readLargeValue(tokens, p);
        next += 2 * Vp8Tables.PROBABILITIES;
      }
      if (tokens.flag()) {
        value = -value;
      }
      coefficients[out + Vp8Tables.ZIGZAG[n]] = (short) (value * (n > 0 ? acStep : dcStep));
      p = next;
      n++;
    }
    return 16;
  }

  /** The token tree from two on, section 13.2. */
  private int readLargeValue(Vp8Bits tokens, int p) {
    if (tokens.bit(probability[p + 3]) == 0) {
      return tokens.bit(probability[p + 4]) == 0 ? 2 : 3 + tokens.bit(probability[p + 5]);
    }
    if (tokens.bit(probability[p + 6]) == 0) {
      if (tokens.bit(probability[p + 7]) == 0) {
        return 5 + tokens.bit(159);
      }
      int value = 7 + 2 * tokens.bit(165);
      return value + tokens.bit(145);
    }
    int high = tokens.bit(probability[p + 8]);
    int category = 2 * high + tokens.bit(probability[p + 9 + high]);
    int value = 0;
    for (int extra : Vp8Tables.LARGE_VALUE[category]) {
      value = 2 * value + tokens.bit(extra);
    }
    return value + 3 + (8 << category);
  }

  private void reconstruct(int row, int column, int mode, int chromaMode, boolean coded) {
    int x = column * MACROBLOCK;
    int top = row * MACROBLOCK;
    if (mode == SUBBLOCKS) {
      y.extendAboveRight(x, top, column == across - 1);
      for (int block = 0; block < MACROBLOCK; block++) {
        int at = y.at(x + (block & 3) * 4, top + (block >> 2) * 4);
        // Blocks of the right column all look at the macroblock above to the right.
        int aboveRight = (block & 3) == 3 ? y.at(x + MACROBLOCK, top - 1) : at - y.stride + 4;
        Vp8Prediction.subblock(y, at, aboveRight, subModes[block]);
        if (coded) {
          Vp8Transform.addInverse(coefficients, block * MACROBLOCK, y.samples, at, y.stride);
        }
      }
    } else {
      predict(y, x, top, MACROBLOCK, mode);
      for (int block = 0; coded && block < MACROBLOCK; block++) {
        int at = y.at(x + (block & 3) * 4, top + (block >> 2) * 4);
        Vp8Transform.addInverse(coefficients, block * MACROBLOCK, y.samples, at, y.stride);
      }
    }
    predict(u, x / 2, top / 2, MACROBLOCK / 2, chromaMode);
    predict(v, x / 2, top / 2, MACROBLOCK / 2, chromaMode);
    for (int block = 0; coded && block < 8; block++) {
      Vp8Plane plane = block < 4 ? u : v;
      int at = plane.at(x / 2 + (block & 1) * 4, top / 2 + (block >> 1 & 1) * 4);
      Vp8Transform.addInverse(
          coefficients, (MACROBLOCK + block) * MACROBLOCK, plane.samples, at, plane.stride);
    }
  }

  private static void predict(Vp8Plane plane, int x, int top, int size, int mode) {
    int at = plane.at(x, top);
    switch (mode) {
      case DC -> Vp8Prediction.dc(plane, at, size, top > 0, x > 0);
      case VERTICAL -> Vp8Prediction.vertical(plane, at, size);
      case HORIZONTAL -> Vp8Prediction.horizontal(plane, at, size);
      default -> Vp8Prediction.trueMotion(plane, at, size);
    }
  }

  /** Section 9.6: the loop filter level of a macroblock. */
  private int level(int segment, boolean subblocks) {
    if (filterLevel == 0) {
      return 0;
    }
    int level = filterLevel;
    if (segmented) {
      level = segmentFilter[segment] + (absoluteSegments ? 0 : filterLevel);
    }
    if (filterDeltas) {
      level += referenceDelta[0] + (subblocks ? modeDelta[0] : 0);
    }
    return clamp(level, 63);
  }

  private void filter() throws ImageRejectedException {
    for (int row = 0; row < down; row++) {
      deadline.check();
      for (int column = 0; column < across; column++) {
        int at = row * across + column;
        int level = levels[at];
        if (level == 0) {
          continue;
        }
        int interior = level;
        if (sharpness > 0) {
          interior >>= sharpness > 4 ? 2 : 1;
          interior = Math.min(interior, 9 - sharpness);
        }
        interior = Math.max(interior, 1);
        Vp8LoopFilter filter = new Vp8LoopFilter(level, interior);
        int lumaAt = y.at(column * MACROBLOCK, row * MACROBLOCK);
        if (simpleFilter) {
          filter.simple(y, lumaAt, column > 0, row > 0, inner[at]);
        } else {
          int chromaAt = u.at(column * MACROBLOCK / 2, row * MACROBLOCK / 2);
          filter.normal(y, lumaAt, u, v, chromaAt, column > 0, row > 0, inner[at]);
        }
      }
    }
  }

  private static int clamp(int value, int max) {
    return Math.max(0, Math.min(value, max));
  }
}
