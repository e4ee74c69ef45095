package io.headgate.imaging;

/**
 * Sizes and offsets of {@code torchvision}'s {@code Resize(size)} and {@code CenterCrop(size)}.
 *
 * @param resizedWidth picture width after the resize, in pixels
 * @param resizedHeight picture height after the resize, in pixels
 * @param left first column of the crop in the resized picture
 * @param top first row of the crop in the resized picture
 */
record CropGeometry(int resizedWidth, int resizedHeight, int left, int top) {
  static CropGeometry of(int width, int height, int size) {
    int shortSide = Math.min(width, height);
    // Truncated, as Python's int(): 451 x 300 at 224 becomes 336 x 224.
    int resizedWidth = Math.toIntExact((long) size * width / shortSide);
    int resizedHeight = Math.toIntExact((long) size * height / shortSide);
    return new CropGeometry(
        resizedWidth,
        resizedHeight,
        roundedHalf(resizedWidth - size),
        roundedHalf(resizedHeight - size));
  }

  /** Half of a margin, halves to even: 111 (of 335) to 56, 113 (of 337) to 56. */
  private static int roundedHalf(int margin) {
    return (int) Math.rint(margin / 2.0);
  }
}
