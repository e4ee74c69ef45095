package io.headgate.clip;

import io.headgate.decomposition.ModelShape;

/**
 * What a vision tower computes, besides its weights.
 *
 * @param shape sizes
 * @param quickGelu x·sigmoid(1.702 x) instead of the exact GELU
 * @param layerNormEps added to variances
 * @param mean per channel, subtracted from pixels in [0, 1]
 * @param std per channel, divided by
 */
record VisionSpec(
    ModelShape shape, boolean quickGelu, double layerNormEps, float[] mean, float[] std) {}
