package io.headgate.client;

import io.headgate.v1.grpc.DescribeResponse;

/**
 * What the service says about itself.
 *
 * @param modelFingerprint of the model served
 * @param calibrationId of the calibration in force
 * @param imageSize side of the square tensor in pixels
 * @param maxItems images per call, at least 1
 * @param maxRequestBytes bytes per call
 */
public record ServiceDescription(
    String modelFingerprint,
    String calibrationId,
    int imageSize,
    int maxItems,
    long maxRequestBytes) {
  public ServiceDescription {
    if (imageSize < 1 || maxItems < 1) {
      throw new IllegalArgumentException(
          "description of the service: image size %d, %d items per request (expected: both positive)"
              .formatted(imageSize, maxItems));
    }
  }

  static ServiceDescription of(DescribeResponse response) {
    return new ServiceDescription(
        response.getModelFingerprint(),
        response.getCalibrationId(),
        response.getImageSize(),
        response.getMaxItemsPerRequest(),
        response.getMaxRequestBytes());
  }

  /** Bytes of one image tensor. */
  public int tensorBytes() {
    return imageSize * imageSize * 3;
  }
}
