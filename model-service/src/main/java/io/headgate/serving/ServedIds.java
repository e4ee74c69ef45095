package io.headgate.serving;

/**
 * What an answer was computed with.
 *
 * @param modelFingerprint of the model, lower-case hex
 * @param calibrationId hash of the calibration's content
 */
public record ServedIds(String modelFingerprint, String calibrationId) {
  public ServedIds {
    if (modelFingerprint.isBlank() || calibrationId.isBlank()) {
      throw new IllegalArgumentException(
          "served ids: model '%s', calibration '%s' (expected: both given)"
              .formatted(modelFingerprint, calibrationId));
    }
  }
}
