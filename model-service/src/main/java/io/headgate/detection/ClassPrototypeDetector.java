package io.headgate.detection;

import io.headgate.decomposition.ModelShape;
import java.util.List;
import java.util.Map;

/**
 * Mean over all heads of −z of the similarity to the predicted class's prototype: the heads do not
 * see what the label says.
 */
final class ClassPrototypeDetector implements Detector {
  private final float[] median;
  private final float[] scale;

  ClassPrototypeDetector(Numbers numbers, ModelShape shape) {
    this.median = numbers.get("median", shape.layers() * shape.heads());
    this.scale = numbers.get("scale", shape.layers() * shape.heads());
  }

  static Numbers fit(List<Reading> clean) {
    float[][] columns = Robust.columns(clean, Reading::classSimilarities);
    return new Numbers(Map.of("median", columns[0], "scale", columns[1]));
  }

  @Override
  public double score(Reading reading) {
    double sum = 0;
    for (int h = 0; h < median.length; h++) {
      sum -= (reading.classSimilarities()[h] - median[h]) / scale[h];
    }
    return sum / median.length;
  }
}
