package io.headgate.command;

import io.headgate.calibration.Calibration;
import io.headgate.calibration.Trial;
import io.headgate.decomposition.Decomposer;
import io.headgate.guard.Guard;
import io.headgate.guard.RepairPolicy;
import io.headgate.guard.Verdict;
import io.headgate.zeroshot.Label;
import io.headgate.zeroshot.ZeroShotClassifier;
import java.util.Optional;
import java.util.function.Function;

/** Held-out images go through the very guard that will serve. */
public final class GuardTrial {
  private GuardTrial() {}

  /** The trial that a calibrator needs. */
  public static Function<Calibration, Trial> of(
      Decomposer model, Optional<ZeroShotClassifier> classifier, RepairPolicy policy) {
    return calibration -> {
      Guard guard = new Guard(model, classifier, calibration, policy);
      return images ->
          guard.judge(images).stream()
              .map(
                  j ->
                      new Trial.Outcome(
                          j.scores().flagged(),
                          j.verdict() instanceof Verdict.Quarantined,
                          j.scores().deciding().score(),
                          j.suspectedLabel()
                              .or(() -> j.labels().stream().findFirst())
                              .map(Label::name)
                              .orElse("")))
              .toList();
    };
  }
}
