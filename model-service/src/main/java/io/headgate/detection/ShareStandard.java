package io.headgate.detection;

import io.headgate.decomposition.ModelShape;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/** z_k = (share_k − median_k) / (1.4826 · MAD_k): a share vector against clean ones. */
final class ShareStandard {
  private final float[] median;
  private final float[] scale;

  ShareStandard(Numbers numbers, ModelShape shape) {
    this.median = numbers.get("median", shape.components());
    this.scale = numbers.get("scale", shape.components());
  }

  static Map<String, float[]> fit(List<Reading> clean, Function<Reading, float[]> shares) {
    float[][] columns = Robust.columns(clean, shares);
    Map<String, float[]> numbers = new HashMap<>();
    numbers.put("median", columns[0]);
    numbers.put("scale", columns[1]);
    return numbers;
  }

  /** {@code [K]}. */
  float[] z(float[] shares) {
    float[] z = new float[shares.length];
    for (int k = 0; k < z.length; k++) {
      z[k] = (shares[k] - median[k]) / scale[k];
    }
    return z;
  }
}
