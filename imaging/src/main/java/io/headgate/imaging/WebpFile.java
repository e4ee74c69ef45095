package io.headgate.imaging;

/**
 * A WebP container (RFC 9649) up to its first picture.
 *
 * @param width canvas, in pixels
 * @param height canvas, in pixels
 * @param left first picture's place on the canvas
 * @param top first picture's place on the canvas
 * @param pictureWidth in pixels
 * @param pictureHeight in pixels
 * @param frames pictures of an animation, 1 for a still
 * @param lossless VP8L rather than VP8
 * @param data start of the compressed picture
 * @param end one past its last byte
 */
record WebpFile(
    int width,
    int height,
    int left,
    int top,
    int pictureWidth,
    int pictureHeight,
    int frames,
    boolean lossless,
    int data,
    int end) {
  private static final int FIRST_CHUNK = 12;
  private static final int CHUNK_HEADER = 8;
  private static final int FRAME_HEADER = 16;
  private static final int ANIMATION_FLAG = 0x02;

  static WebpFile parse(Bytes bytes, int maxFrames) throws ImageRejectedException {
    long riffSize = bytes.u32le(4);
    if (riffSize + 8 > bytes.length()) {
      throw Bytes.truncated(
          "WebP of %d bytes ends at byte %d".formatted(riffSize + 8, bytes.length()));
    }
    int fileEnd = (int) riffSize + 8;
    if (!bytes.matches(FIRST_CHUNK, 'V', 'P', '8', 'X')) {
      return still(bytes, FIRST_CHUNK, fileEnd, -1, -1);
    }
    chunkEnd(bytes, FIRST_CHUNK, fileEnd);
    int flags = bytes.u8(FIRST_CHUNK + CHUNK_HEADER);
    int width = bytes.u24le(FIRST_CHUNK + CHUNK_HEADER + 4) + 1;
    int height = bytes.u24le(FIRST_CHUNK + CHUNK_HEADER + 7) + 1;
    int at = nextChunk(bytes, FIRST_CHUNK, fileEnd);
    return (flags & ANIMATION_FLAG) != 0
        ? animation(bytes, at, fileEnd, width, height, maxFrames)
        : still(bytes, at, fileEnd, width, height);
  }

  ImageHeader header() {
    return new ImageHeader(ImageFormat.WEBP, width, height, frames);
  }

  /**
   * The first picture chunk at or after {@code at}; its size must be the canvas', if there is one.
   */
  private static WebpFile still(Bytes bytes, int at, int end, int canvasWidth, int canvasHeight)
      throws ImageRejectedException {
    while (true) {
      if (at + CHUNK_HEADER > end) {
        throw Bytes.corrupt("WebP without a picture");
      }
      int chunkEnd = chunkEnd(bytes, at, end);
      int data = at + CHUNK_HEADER;
      if (bytes.matches(at, 'V', 'P', '8', ' ')) {
        bytes.need(data, 10);
        if (!bytes.matches(data + 3, 0x9d, 0x01, 0x2a)) {
          throw Bytes.corrupt("WebP (lossy) that does not start with a key frame");
        }
        return picture(
            bytes.u16le(data + 6) & 0x3fff,
            bytes.u16le(data + 8) & 0x3fff,
            canvasWidth,
            canvasHeight,
            false,
            data,
            chunkEnd);
      }
      if (bytes.matches(at, 'V', 'P', '8', 'L')) {
        long bits = bytes.u32le(data + 1);
        if (bytes.u8(data) != 0x2f || bits >>> 29 != 0) {
          throw Bytes.corrupt("WebP (lossless) with an unknown signature or version");
        }
        return picture(
            (int) (bits & 0x3fff) + 1,
            (int) (bits >> 14 & 0x3fff) + 1,
            canvasWidth,
            canvasHeight,
            true,
            data,
            chunkEnd);
      }
      at = nextChunk(bytes, at, end);
    }
  }

  private static WebpFile picture(
      int width, int height, int canvasWidth, int canvasHeight, boolean lossless, int data, int end)
      throws ImageRejectedException {
    if (canvasWidth >= 0 && (canvasWidth != width || canvasHeight != height)) {
      throw Bytes.corrupt(
          "WebP picture of %dx%d on a canvas of %dx%d pixels"
              .formatted(width, height, canvasWidth, canvasHeight));
    }
    return new WebpFile(width, height, 0, 0, width, height, 1, lossless, data, end);
  }

  private static WebpFile animation(
      Bytes bytes, int at, int end, int width, int height, int maxFrames)
      throws ImageRejectedException {
    while (!bytes.matches(at, 'A', 'N', 'M', 'F')) {
      if (at + CHUNK_HEADER > end) {
        throw Bytes.corrupt("animated WebP without a frame");
      }
      at = nextChunk(bytes, at, end);
    }
    int frame = at + CHUNK_HEADER;
    bytes.need(frame, FRAME_HEADER);
    int left = 2 * bytes.u24le(frame);
    int top = 2 * bytes.u24le(frame + 3);
    WebpFile first =
        still(
            bytes,
            frame + FRAME_HEADER,
            chunkEnd(bytes, at, end),
            bytes.u24le(frame + 6) + 1,
            bytes.u24le(frame + 9) + 1);
    if (left + first.width > width || top + first.height > height) {
      throw Bytes.corrupt("animated WebP with a frame beyond its canvas");
    }
    int frames = countFrames(bytes, at, end, maxFrames);
    return new WebpFile(
        width,
        height,
        left,
        top,
        first.width,
        first.height,
        frames,
        first.lossless,
        first.data,
        first.end);
  }

  /** Counts up to one past the limit; what is broken behind the first frame is not counted. */
  private static int countFrames(Bytes bytes, int at, int end, int maxFrames) {
    int frames = 0;
    try {
      while (at + CHUNK_HEADER <= end && frames <= maxFrames) {
        if (bytes.matches(at, 'A', 'N', 'M', 'F')) {
          frames++;
        }
        at = nextChunk(bytes, at, end);
      }
    } catch (ImageRejectedException e) {
      return frames;
    }
    return frames;
  }

  private static int chunkEnd(Bytes bytes, int at, int end) throws ImageRejectedException {
    long size = bytes.u32le(at + 4);
    if (size > end - CHUNK_HEADER - (long) at) {
      throw Bytes.truncated(
          "WebP: a chunk at byte %d claims %d bytes and its container ends at byte %d"
              .formatted(at, size, end));
    }
    return at + CHUNK_HEADER + (int) size;
  }

  private static int nextChunk(Bytes bytes, int at, int end) throws ImageRejectedException {
    int chunkEnd = chunkEnd(bytes, at, end);
    return chunkEnd + (chunkEnd - at & 1);
  }
}
