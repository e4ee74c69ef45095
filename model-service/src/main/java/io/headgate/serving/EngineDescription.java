package io.headgate.serving;

import java.time.Instant;
import java.util.List;

/**
 * What an engine is.
 *
 * @param ids model and calibration
 * @param imageSize side of the square tensor in pixels
 * @param layers L
 * @param heads H, per layer
 * @param embedding D
 * @param preprocessing name of the preprocessing specification
 * @param precision mode of the arithmetic
 * @param policy repair policy in force
 * @param calibratedAt when the calibration was made
 * @param classes names in index order; empty for a model without classes
 */
record EngineDescription(
    ServedIds ids,
    int imageSize,
    int layers,
    int heads,
    int embedding,
    String preprocessing,
    String precision,
    String policy,
    Instant calibratedAt,
    List<String> classes) {
  EngineDescription {
    classes = List.copyOf(classes);
  }

  /** Bytes of one image's pixels. */
  int imageBytes() {
    return imageSize * imageSize * 3;
  }
}
