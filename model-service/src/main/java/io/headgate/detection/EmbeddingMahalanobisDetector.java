package io.headgate.detection;

import io.headgate.decomposition.ModelShape;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** log of the Ledoit–Wolf Mahalanobis distance of the embedding from the clean mean. */
final class EmbeddingMahalanobisDetector implements Detector {
  private final float[] median;
  private final float[] whitening;

  EmbeddingMahalanobisDetector(Numbers numbers, ModelShape shape) {
    this.median = numbers.get("median", shape.embedding());
    this.whitening = numbers.get("whitening", shape.embedding() * shape.embedding());
  }

  static Numbers fit(List<Reading> clean) {
    float[] median = Robust.columns(clean, Reading::embedding)[0];
    List<float[]> rows = new ArrayList<>(clean.size());
    for (Reading reading : clean) {
      rows.add(centred(reading.embedding(), median));
    }
    return new Numbers(Map.of("median", median, "whitening", Whitening.fit(rows)));
  }

  @Override
  public double score(Reading reading) {
    double distance = Whitening.squaredDistance(whitening, centred(reading.embedding(), median));
    return Math.log(Math.max(distance, 1e-30));
  }

  private static float[] centred(float[] x, float[] median) {
    float[] centred = new float[x.length];
    for (int i = 0; i < x.length; i++) {
      centred[i] = x[i] - median[i];
    }
    return centred;
  }
}
