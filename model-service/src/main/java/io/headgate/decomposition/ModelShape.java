package io.headgate.decomposition;

/**
 * Sizes of a CLIP vision transformer.
 *
 * @param imageSize side of the square input in pixels
 * @param patchSize side of a square patch in pixels
 * @param layers L
 * @param heads H, per layer
 * @param width W, of the residual stream
 * @param embedding D, of the joint image and text space
 */
public record ModelShape(
    int imageSize, int patchSize, int layers, int heads, int width, int embedding) {
  /**
   * @throws IllegalArgumentException if a size is not positive, the patch does not divide the image
   *     or the heads do not divide the width
   */
  public ModelShape {
    if (imageSize < 1 || patchSize < 1 || layers < 1 || heads < 1 || width < 1 || embedding < 1) {
      throw new IllegalArgumentException(
          "model shape: image %d, patch %d, layers %d, heads %d, width %d, embedding %d (expected: all positive)"
              .formatted(imageSize, patchSize, layers, heads, width, embedding));
    }
    if (imageSize % patchSize != 0) {
      throw new IllegalArgumentException(
          "image size: %d (expected: a multiple of the patch size %d)"
              .formatted(imageSize, patchSize));
    }
    if (width % heads != 0) {
      throw new IllegalArgumentException(
          "width: %d (expected: a multiple of the number of heads %d)".formatted(width, heads));
    }
  }

  /** Side of the patch grid, G. */
  public int grid() {
    return imageSize / patchSize;
  }

  /** N: the class token and G·G patch tokens. */
  public int tokens() {
    return grid() * grid() + 1;
  }

  /** Heads of all layers, then the L+1 MLPs: K = L·H + L + 1. */
  public int components() {
    return layers * heads + layers + 1;
  }
}
