package io.headgate.serving;

import io.headgate.calibration.Calibration;
import io.headgate.clip.ClipModel;
import io.headgate.decomposition.Decomposer;
import io.headgate.guard.RepairPolicy;
import io.headgate.zeroshot.ZeroShotClassifier;
import java.util.Locale;
import java.util.Optional;

/**
 * A loaded model, the calibration that belongs to it, and what is done with suspicious images.
 *
 * @param model stays open until the server is closed; the one who opened it closes it
 * @param classifier over the model's classes, if it has any
 * @param precision of its arithmetic, such as {@code fp32}
 * @param calibration of this model
 * @param policy repair policy
 */
public record ServedModel(
    Decomposer model,
    Optional<ZeroShotClassifier> classifier,
    String precision,
    Calibration calibration,
    RepairPolicy policy) {
  /** A CLIP model with its own classes. */
  public static ServedModel of(ClipModel model, Calibration calibration, RepairPolicy policy) {
    return new ServedModel(
        model,
        model.classifier(),
        model.precision().name().toLowerCase(Locale.ROOT),
        calibration,
        policy);
  }
}
