package io.headgate.detection;

import io.headgate.decomposition.ModelShape;
import java.util.List;

/** log Σ z_k² of the shares along the image's own embedding; needs no labels. */
final class ShareEnergyDetector implements Detector {
  private final ShareStandard standard;

  ShareEnergyDetector(Numbers numbers, ModelShape shape) {
    this.standard = new ShareStandard(numbers, shape);
  }

  static Numbers fit(List<Reading> clean) {
    return new Numbers(ShareStandard.fit(clean, Reading::selfShares));
  }

  @Override
  public double score(Reading reading) {
    double sum = 0;
    for (float z : standard.z(reading.selfShares())) {
      sum += (double) z * z;
    }
    return Math.log(Math.max(sum, 1e-30));
  }
}
