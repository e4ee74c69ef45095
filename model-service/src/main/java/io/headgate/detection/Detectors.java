package io.headgate.detection;

import java.util.List;
import java.util.Optional;

/** The table of detectors: a new one is one class and one line here. */
final class Detectors {
  static final List<DetectorKind> TABLE =
      List.of(
          new DetectorKind("scale", false, clean -> Numbers.NONE, (n, shape) -> Reading::scale),
          new DetectorKind(
              "class-prototypes", true, ClassPrototypeDetector::fit, ClassPrototypeDetector::new),
          ShareMahalanobisDetector.kind("self-share-mahalanobis", Reading::selfShares),
          ShareMahalanobisDetector.kind("share-mahalanobis", Reading::classShares),
          new DetectorKind("share-top3", false, ShareTop3Detector::fit, ShareTop3Detector::new),
          new DetectorKind(
              "self-share-energy", false, ShareEnergyDetector::fit, ShareEnergyDetector::new),
          new DetectorKind(
              "token-concentration",
              false,
              clean -> Numbers.NONE,
              (n, shape) -> Reading::tokenConcentration),
          new DetectorKind(
              "embedding-mahalanobis",
              false,
              EmbeddingMahalanobisDetector::fit,
              EmbeddingMahalanobisDetector::new));

  private Detectors() {}

  static Optional<DetectorKind> named(String name) {
    return TABLE.stream().filter(kind -> kind.name().equals(name)).findFirst();
  }
}
