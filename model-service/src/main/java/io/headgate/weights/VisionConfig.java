package io.headgate.weights;

/**
 * Sizes of the vision transformer.
 *
 * @param imageSize side of the square input in pixels
 * @param patchSize side of a square patch in pixels
 * @param layers L
 * @param heads H, per layer
 * @param width W, of the residual stream
 * @param mlpWidth of the hidden layer of an MLP
 */
public record VisionConfig(
    int imageSize, int patchSize, int layers, int heads, int width, int mlpWidth) {
  /** N: the class token and the patch tokens. */
  public int tokens() {
    int grid = imageSize / patchSize;
    return grid * grid + 1;
  }
}
