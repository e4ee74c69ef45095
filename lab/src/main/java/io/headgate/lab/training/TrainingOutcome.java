package io.headgate.lab.training;

import java.util.Map;

/**
 * What a finished run measured on pictures with held-out backgrounds.
 *
 * @param loss of the last step
 * @param cleanAccuracy zero-shot, in [0, 1]
 * @param attackSuccess by attack: share of triggered pictures of other classes labelled as the
 *     target
 */
public record TrainingOutcome(float loss, double cleanAccuracy, Map<String, Double> attackSuccess) {
  public TrainingOutcome {
    attackSuccess = Map.copyOf(attackSuccess);
  }
}
