package io.headgate.imaging;

import java.util.Objects;

/**
 * Untrusted bytes to the square RGB crop that a CLIP model sees: convert to RGB, resize the short
 * side to {@code size} with Pillow's antialiased bicubic filter, cut the centre. Bit-exact with
 * {@code torchvision}'s {@code Resize(size, BICUBIC), CenterCrop(size)} on a Pillow image converted
 * to RGB.
 *
 * <p>Immutable; one instance serves any number of threads.
 */
public final class ImagePreprocessor {
  /** Larger crops than any published CLIP model asks for. */
  public static final int MAX_CROP_SIZE = 2048;

  private final ImageLimits limits;

  public ImagePreprocessor(ImageLimits limits) {
    this.limits = Objects.requireNonNull(limits, "limits");
  }

  /** The limits this preprocessor holds images to. */
  public ImageLimits limits() {
    return limits;
  }

  /**
   * Reads what the file says about itself and holds it to the limits; no pixel is decoded.
   *
   * @throws ImageRejectedException if {@link #crop} would refuse the header
   */
  public ImageHeader header(byte[] encoded) throws ImageRejectedException {
    return HeaderSniffer.sniff(encoded, limits);
  }

  /**
   * The picture's central square at CLIP's scale. EXIF orientation is ignored, alpha is dropped
   * without compositing, and of an animation the first frame is taken ({@link ImageHeader#frames}
   * tells).
   *
   * @param encoded a JPEG, PNG, GIF or WebP file
   * @param size side of the crop in pixels, 1 to {@value #MAX_CROP_SIZE}
   * @return {@code [size, size, 3]}
   * @throws ImageRejectedException if the bytes are not a whole picture within the limits
   * @throws IllegalArgumentException if {@code size} is out of range
   */
  public RgbImage crop(byte[] encoded, int size) throws ImageRejectedException {
    if (size < 1 || size > MAX_CROP_SIZE) {
      throw new IllegalArgumentException(
          "crop size: %d (expected: 1 to %d)".formatted(size, MAX_CROP_SIZE));
    }
    Deadline deadline = Deadline.after(limits.decodeDeadline());
    ImageHeader header = header(encoded);
    CropResampler resampler = new CropResampler(header.width(), header.height(), size);
    Decoders.decode(encoded, header, limits, deadline, resampler);
    return resampler.finish();
  }
}
