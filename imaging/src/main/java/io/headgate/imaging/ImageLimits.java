package io.headgate.imaging;

import java.time.Duration;

/**
 * What an untrusted image may ask for. All but the deadline are checked against the file's header
 * before a pixel is allocated.
 *
 * @param maxBytes encoded bytes
 * @param maxPixels declared width times height; of an animation the whole canvas
 * @param maxAspectRatio long side over short side
 * @param maxFrames frames of an animation (only the first is ever decoded)
 * @param decodeDeadline wall-clock time for one image, from its first byte to its crop
 */
public record ImageLimits(
    long maxBytes, long maxPixels, double maxAspectRatio, int maxFrames, Duration decodeDeadline) {

  /**
   * @throws IllegalArgumentException if a limit is not positive, or the ratio is below 1
   */
  public ImageLimits {
    require(maxBytes >= 1, "maxBytes", maxBytes, "at least 1");
    require(maxPixels >= 1, "maxPixels", maxPixels, "at least 1");
    require(
        maxAspectRatio >= 1 && maxAspectRatio < Double.POSITIVE_INFINITY,
        "maxAspectRatio",
        maxAspectRatio,
        "a finite number, at least 1");
    require(maxFrames >= 1, "maxFrames", maxFrames, "at least 1");
    require(
        !decodeDeadline.isNegative() && !decodeDeadline.isZero(),
        "decodeDeadline",
        decodeDeadline,
        "longer than zero");
  }

  /**
   * 32 MiB, 50 megapixels, 100:1, 1,000 frames, 10 seconds: above what cameras and the web produce,
   * below what hurts.
   */
  public static ImageLimits defaults() {
    return new ImageLimits(32L << 20, 50_000_000, 100, 1_000, Duration.ofSeconds(10));
  }

  private static void require(boolean ok, String name, Object value, String expected) {
    if (!ok) {
      throw new IllegalArgumentException("%s: %s (expected: %s)".formatted(name, value, expected));
    }
  }
}
