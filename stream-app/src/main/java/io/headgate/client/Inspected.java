package io.headgate.client;

import io.headgate.v1.grpc.Inspection;

/**
 * The service's judgement of one image, with what judged it. All images of one call carry the same
 * pair, so no verdict is made by a mixture of two calibrations.
 *
 * @param inspection the verdict material
 * @param modelFingerprint of the model that judged
 * @param calibrationId of the calibration that judged
 */
public record Inspected(Inspection inspection, String modelFingerprint, String calibrationId) {}
