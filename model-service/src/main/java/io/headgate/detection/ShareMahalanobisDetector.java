package io.headgate.detection;

import io.headgate.decomposition.ModelShape;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/**
 * log of the Ledoit–Wolf Mahalanobis distance of a whole share vector from the clean ones. The
 * covariance is fitted on z clipped at ±4, so that outliers in the clean set cannot hide their
 * like.
 */
final class ShareMahalanobisDetector implements Detector {
  private static final float CLIP = 4;

  private final Function<Reading, float[]> shares;
  private final ShareStandard standard;
  private final float[] whitening;

  private ShareMahalanobisDetector(
      Function<Reading, float[]> shares, Numbers numbers, ModelShape shape) {
    this.shares = shares;
    this.standard = new ShareStandard(numbers, shape);
    this.whitening = numbers.get("whitening", shape.components() * shape.components());
  }

  /**
   * The kind that looks at these shares.
   *
   * @param shares {@code [K]} of a reading
   */
  static DetectorKind kind(String name, Function<Reading, float[]> shares) {
    return new DetectorKind(
        name,
        false,
        clean -> fit(clean, shares),
        (numbers, shape) -> new ShareMahalanobisDetector(shares, numbers, shape));
  }

  private static Numbers fit(List<Reading> clean, Function<Reading, float[]> shares) {
    Map<String, float[]> numbers = ShareStandard.fit(clean, shares);
    float[] median = numbers.get("median");
    float[] scale = numbers.get("scale");
    List<float[]> rows = new ArrayList<>(clean.size());
    for (Reading reading : clean) {
      float[] z = new float[median.length];
      for (int k = 0; k < z.length; k++) {
        float v = (shares.apply(reading)[k] - median[k]) / scale[k];
        z[k] = Math.max(-CLIP, Math.min(CLIP, v));
      }
      rows.add(z);
    }
    numbers.put("whitening", Whitening.fit(rows));
    return new Numbers(numbers);
  }

  @Override
  public double score(Reading reading) {
    double distance = Whitening.squaredDistance(whitening, standard.z(shares.apply(reading)));
    return Math.log(Math.max(distance, 1e-30));
  }
}
