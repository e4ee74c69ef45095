package io.headgate.detection;

import io.headgate.decomposition.ModelShape;
import java.util.List;

/** Mean of the three largest z_k: a backdoored decision is made by too few components. */
final class ShareTop3Detector implements Detector {
  private final ShareStandard standard;

  ShareTop3Detector(Numbers numbers, ModelShape shape) {
    this.standard = new ShareStandard(numbers, shape);
  }

  static Numbers fit(List<Reading> clean) {
    return new Numbers(ShareStandard.fit(clean, Reading::classShares));
  }

  @Override
  public double score(Reading reading) {
    double first = Double.NEGATIVE_INFINITY;
    double second = first;
    double third = first;
    for (float z : standard.z(reading.classShares())) {
      if (Float.isNaN(z)) {
        return Double.NaN;
      }
      if (z > first) {
        third = second;
        second = first;
        first = z;
      } else if (z > second) {
        third = second;
        second = z;
      } else if (z > third) {
        third = z;
      }
    }
    return (first + second + third) / 3;
  }
}
