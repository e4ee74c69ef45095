package io.headgate.guard;

import java.util.List;

/**
 * What a reviewer needs to see why an image was held. Arrays are read-only by contract.
 *
 * @param lastLayerHeads {@code [H, D]} row-major: parts of the last layer's heads
 * @param layers L of the model
 * @param heads H of the model
 * @param grid side of the patch grid G
 * @param tokenMap {@code [G, G]} row-major: contribution of each patch token through the most
 *     infected heads along the predicted direction, clean mean subtracted
 * @param suspectedTokens patch tokens, row-major from 0, that pruning drops: where the trigger is
 * @param infectedComponents the components with the largest z, most infected first, for example
 *     {@code L3H1}
 */
public record Evidence(
    float[] lastLayerHeads,
    int layers,
    int heads,
    int grid,
    float[] tokenMap,
    int[] suspectedTokens,
    List<String> infectedComponents) {
  public Evidence {
    infectedComponents = List.copyOf(infectedComponents);
  }
}
