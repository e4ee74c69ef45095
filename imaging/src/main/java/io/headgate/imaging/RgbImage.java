package io.headgate.imaging;

import java.util.Arrays;

/**
 * An 8-bit RGB image.
 *
 * <p>The pixel array is handed over, not copied: at 150 kB an image a copy per hop would cost more
 * than it protects. Whoever passes an array in must not write to it again, and {@link #rgb()} is
 * read-only by contract.
 *
 * @param width in pixels, at least 1
 * @param height in pixels, at least 1
 * @param rgb {@code [height, width, 3]} row-major, unsigned bytes
 */
public record RgbImage(int width, int height, byte[] rgb) {
  /** Bytes per pixel. */
  public static final int CHANNELS = 3;

  /**
   * @throws IllegalArgumentException if a side is not positive or the array's length is not {@code
   *     width * height * 3}
   */
  public RgbImage {
    if (width < 1 || height < 1) {
      throw new IllegalArgumentException(
          "image size: %dx%d (expected: both sides at least 1)".formatted(width, height));
    }
    long expected = (long) width * height * CHANNELS;
    if (rgb.length != expected) {
      throw new IllegalArgumentException(
          "rgb: %d bytes (expected: %d for %dx%dx3)"
              .formatted(rgb.length, expected, width, height));
    }
  }

  @Override
  public boolean equals(Object o) {
    return o instanceof RgbImage other
        && width == other.width
        && height == other.height
        && Arrays.equals(rgb, other.rgb);
  }

  @Override
  public int hashCode() {
    return 31 * (31 * width + height) + Arrays.hashCode(rgb);
  }

  @Override
  public String toString() {
    return "RgbImage[%dx%d]".formatted(width, height);
  }
}
