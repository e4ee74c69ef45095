package io.headgate.clip;

import io.headgate.decomposition.ModelShape;
import io.headgate.weights.Activation;
import io.headgate.weights.ClipConfig;
import io.headgate.weights.VisionConfig;

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
    ModelShape shape, boolean quickGelu, double layerNormEps, float[] mean, float[] std) {
  static VisionSpec of(ClipConfig config) {
    VisionConfig v = config.vision();
    return new VisionSpec(
        new ModelShape(
            v.imageSize(), v.patchSize(), v.layers(), v.heads(), v.width(), config.embedding()),
        config.activation() == Activation.QUICK_GELU,
        config.layerNormEps(),
        config.preprocessing().mean(),
        config.preprocessing().std());
  }
}
