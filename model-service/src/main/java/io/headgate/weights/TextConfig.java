package io.headgate.weights;

/**
 * Sizes of the text transformer.
 *
 * @param contextLength tokens per text
 * @param vocabularySize number of token ids
 * @param layers number of blocks
 * @param heads per layer
 * @param width of the residual stream
 * @param mlpWidth of the hidden layer of an MLP
 */
public record TextConfig(
    int contextLength, int vocabularySize, int layers, int heads, int width, int mlpWidth) {}
