package io.headgate.clip;

/**
 * What a text tower computes, besides its weights.
 *
 * @param quickGelu x·sigmoid(1.702 x) instead of the exact GELU
 * @param layerNormEps added to variances
 */
record TextSpec(
    int width, int layers, int heads, int embedding, boolean quickGelu, double layerNormEps) {}
