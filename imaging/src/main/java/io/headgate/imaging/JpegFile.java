package io.headgate.imaging;

import java.io.ByteArrayOutputStream;

/**
 * A JPEG file (ITU-T T.81, annex B) taken apart marker by marker and put together again with only
 * what decoding needs: no metadata, no thumbnails, no colour profiles, and one unambiguous
 * statement of the colour encoding, so that the native decoder sees little of what a stranger wrote
 * and decides nothing by guesswork.
 *
 * @param header size of the picture
 * @param encoding what its components mean
 * @param multiScan whether the picture is complete only after several scans
 * @param commonSampling chroma as large as luma, or half as wide, or half in both directions: what
 *     every build of the JDK decodes alike
 * @param canonical the file with tables, frame, scans and one colour marker only
 */
record JpegFile(
    ImageHeader header,
    ColourEncoding encoding,
    boolean multiScan,
    boolean commonSampling,
    byte[] canonical) {
  /** More than any encoder writes; each one costs a pass over the picture. */
  static final int MAX_SCANS = 100;

  /**
   * Scans times pixels: a progressive file of a few kilobytes can otherwise ask for minutes. Ten
   * scans, what encoders write, stay possible at 80 megapixels.
   */
  static final long MAX_SCAN_PIXELS = 800_000_000;

  /** How components become RGB. */
  enum ColourEncoding {
    GRAY(1),
    YCBCR(3),
    RGB(3),
    CMYK(4),
    YCCK(4);

    private final int components;

    ColourEncoding(int components) {
      this.components = components;
    }

    int components() {
      return components;
    }
  }

  private static final int SOF0 = 0xc0;
  private static final int SOF2 = 0xc2;
  private static final int DHT = 0xc4;
  private static final int RST0 = 0xd0;
  private static final int RST7 = 0xd7;
  private static final int SOI = 0xd8;
  private static final int EOI = 0xd9;
  private static final int SOS = 0xda;
  private static final int DQT = 0xdb;
  private static final int DRI = 0xdd;
  private static final int APP0 = 0xe0;
  private static final int APP14 = 0xee;
  private static final int TEM = 0x01;

  private static final byte[] JFIF_MARKER = {
    (byte) 0xff, (byte) APP0, 0, 16, 'J', 'F', 'I', 'F', 0, 1, 1, 0, 0, 1, 0, 1, 0, 0
  };

  /** Adobe's marker with transform 0: components are what they are. */
  private static final byte[] UNTRANSFORMED_MARKER = {
    (byte) 0xff, (byte) APP14, 0, 14, 'A', 'd', 'o', 'b', 'e', 0, 100, 0, 0, 0, 0, 0
  };

  /** The picture's size, from the frame header; nothing behind it is looked at. */
  static ImageHeader header(Bytes bytes) throws ImageRejectedException {
    int at = 2;
    while (true) {
      at = marker(bytes, at);
      int marker = bytes.u8(at - 1);
      if (standsAlone(marker)) {
        continue;
      }
      if (marker == EOI || marker == SOS) {
        throw Bytes.corrupt("JPEG without a frame header");
      }
      int length = segmentLength(bytes, at);
      if (isFrame(marker)) {
        return frame(bytes, at, marker);
      }
      at += length;
    }
  }

  /**
   * The whole file.
   *
   * @throws ImageRejectedException {@code TRUNCATED} if the end marker is missing
   */
  static JpegFile parse(Bytes bytes) throws ImageRejectedException {
    ByteArrayOutputStream body = new ByteArrayOutputStream(bytes.length());
    ImageHeader header = null;
    int frameAt = 0;
    boolean jfif = false;
    int adobeTransform = -1;
    int scans = 0;
    int at = 2;
    while (true) {
      at = marker(bytes, at);
      int marker = bytes.u8(at - 1);
      if (marker == EOI) {
        break;
      }
      if (standsAlone(marker)) {
        continue;
      }
      int length = segmentLength(bytes, at);
      if (isFrame(marker)) {
        if (header != null) {
          throw Bytes.corrupt("JPEG with two frame headers");
        }
        header = frame(bytes, at, marker);
        frameAt = at;
        copy(bytes, at - 2, length + 2, body);
      } else if (marker == APP0) {
        jfif |= length >= 16 && bytes.matches(at + 2, 'J', 'F', 'I', 'F', 0);
      } else if (marker == APP14) {
        if (length >= 14 && bytes.matches(at + 2, 'A', 'd', 'o', 'b', 'e')) {
          adobeTransform = bytes.u8(at + 13);
        }
      } else if (marker == DQT || marker == DHT || marker == DRI) {
        copy(bytes, at - 2, length + 2, body);
      } else if (marker == SOS) {
        if (header == null) {
          throw Bytes.corrupt("JPEG scan before its frame header");
        }
        scans++;
        if (scans > MAX_SCANS || scans * header.pixels() > MAX_SCAN_PIXELS) {
          throw new ImageRejectedException(
              RejectionCode.UNSUPPORTED_FORMAT,
              "progressive JPEG of %dx%d pixels with %d scans or more (expected: at most %d, and at"
                      .formatted(header.width(), header.height(), scans, MAX_SCANS)
                  + " most %d scans times pixels): it would decode too slowly; save it as baseline"
                      .formatted(MAX_SCAN_PIXELS));
        }
        int end = endOfScan(bytes, at + length);
        copy(bytes, at - 2, end - at + 2, body);
        at = end;
        continue;
      }
      at += length;
    }
    if (scans == 0) {
      throw Bytes.corrupt("JPEG without a scan");
    }
    ColourEncoding encoding = encoding(bytes, frameAt, jfif, adobeTransform);
    return new JpegFile(
        header, encoding, scans > 1, commonSampling(bytes, frameAt), assemble(encoding, body));
  }

  private static byte[] assemble(ColourEncoding encoding, ByteArrayOutputStream body) {
    byte[] marker =
        switch (encoding) {
          case GRAY, YCBCR -> JFIF_MARKER;
          case RGB, CMYK, YCCK -> UNTRANSFORMED_MARKER;
        };
    byte[] parts = body.toByteArray();
    byte[] file = new byte[2 + marker.length + parts.length + 2];
    file[0] = (byte) 0xff;
    file[1] = (byte) SOI;
    System.arraycopy(marker, 0, file, 2, marker.length);
    System.arraycopy(parts, 0, file, 2 + marker.length, parts.length);
    file[file.length - 2] = (byte) 0xff;
    file[file.length - 1] = (byte) EOI;
    return file;
  }

  private static boolean commonSampling(Bytes bytes, int frameAt) throws ImageRejectedException {
    int components = bytes.u8(frameAt + 7);
    if (components == 1) {
      return true;
    }
    int luma = bytes.u8(frameAt + 9);
    boolean common = luma == 0x11 || luma == 0x21 || luma == 0x22;
    for (int i = 1; i < components; i++) {
      common &= bytes.u8(frameAt + 9 + 3 * i) == 0x11;
    }
    return common;
  }

  /** libjpeg's rules ({@code default_decompress_parms}), which the rest of the world follows. */
  private static ColourEncoding encoding(Bytes bytes, int frameAt, boolean jfif, int adobeTransform)
      throws ImageRejectedException {
    int components = bytes.u8(frameAt + 7);
    switch (components) {
      case 1:
        return ColourEncoding.GRAY;
      case 3:
        if (jfif) {
          return ColourEncoding.YCBCR;
        }
        if (adobeTransform >= 0) {
          return adobeTransform == 0 ? ColourEncoding.RGB : ColourEncoding.YCBCR;
        }
        boolean namedRgb =
            bytes.u8(frameAt + 8) == 'R'
                && bytes.u8(frameAt + 11) == 'G'
                && bytes.u8(frameAt + 14) == 'B';
        return namedRgb ? ColourEncoding.RGB : ColourEncoding.YCBCR;
      case 4:
        return adobeTransform > 0 ? ColourEncoding.YCCK : ColourEncoding.CMYK;
      default:
        throw Bytes.unsupported(
            "JPEG with %d components (expected: 1, 3 or 4)".formatted(components));
    }
  }

  /** Position after the next marker, which may be padded with any number of 0xff. */
  private static int marker(Bytes bytes, int at) throws ImageRejectedException {
    if (bytes.u8(at) != 0xff) {
      throw Bytes.corrupt("JPEG: byte %d is no marker".formatted(at));
    }
    while (bytes.u8(at) == 0xff) {
      at++;
    }
    return at + 1;
  }

  private static int segmentLength(Bytes bytes, int at) throws ImageRejectedException {
    int length = bytes.u16be(at);
    if (length < 2) {
      throw Bytes.corrupt("JPEG: segment of length %d at byte %d".formatted(length, at));
    }
    bytes.need(at, length);
    return length;
  }

  private static boolean standsAlone(int marker) {
    return marker == SOI || marker == TEM || marker == 0 || marker >= RST0 && marker <= RST7;
  }

  private static boolean isFrame(int marker) {
    return marker >= SOF0 && marker <= 0xcf && marker != DHT && marker != 0xc8 && marker != 0xcc;
  }

  private static ImageHeader frame(Bytes bytes, int at, int marker) throws ImageRejectedException {
    if (marker > SOF2) {
      throw Bytes.unsupported(
          "JPEG variant SOF%d (expected: baseline or progressive)".formatted(marker - SOF0));
    }
    int precision = bytes.u8(at + 2);
    if (precision != 8) {
      throw Bytes.unsupported("JPEG with %d bits per sample (expected: 8)".formatted(precision));
    }
    int components = bytes.u8(at + 7);
    if (bytes.u16be(at) != 8 + 3 * components) {
      throw Bytes.corrupt("JPEG frame header of a wrong length");
    }
    return new ImageHeader(ImageFormat.JPEG, bytes.u16be(at + 5), bytes.u16be(at + 3), 1);
  }

  /** Position of the first marker behind a scan's data that is no restart marker. */
  private static int endOfScan(Bytes bytes, int at) throws ImageRejectedException {
    byte[] data = bytes.array();
    for (int i = at; i < data.length - 1; i++) {
      if (data[i] == (byte) 0xff) {
        int next = data[i + 1] & 0xff;
        if (next != 0 && next != 0xff && (next < RST0 || next > RST7)) {
          return i;
        }
      }
    }
    throw Bytes.truncated("JPEG data stops at byte %d".formatted(data.length));
  }

  private static void copy(Bytes bytes, int at, int length, ByteArrayOutputStream into) {
    into.write(bytes.array(), at, length);
  }
}
