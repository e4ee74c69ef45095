package io.headgate.imaging;

/**
 * What a file says about its picture, read without decoding it.
 *
 * @param format told from the bytes
 * @param width in pixels, of the canvas
 * @param height in pixels, of the canvas
 * @param frames 1 for a still picture; of an animation only the first frame is used
 */
public record ImageHeader(ImageFormat format, int width, int height, int frames) {
  /** Whether there are frames that will not be looked at. */
  public boolean animated() {
    return frames > 1;
  }

  /** Declared pixels. */
  public long pixels() {
    return (long) width * height;
  }
}
