package io.headgate.guard;

import io.headgate.detection.Scores;
import io.headgate.zeroshot.Label;
import java.util.List;
import java.util.Optional;

/**
 * Everything there is to say about one image: a pure function of the image, the model, the
 * calibration and the policy.
 *
 * @param verdict route and embedding
 * @param infectedHeads of the last layer, as first measured
 * @param similarities {@code [H]} of the last layer's heads to their prototypes, as first measured;
 *     read-only by contract
 * @param residual max |Σ parts − embedding|, as first measured: how well the law held
 * @param scores of all detectors, as first measured
 * @param repairedScores of all detectors after the repair that was tried last; empty if none was
 * @param labels of the verdict's embedding, most probable first; empty for a model without classes
 * @param suspectedLabel of a repaired or quarantined image: its label before the repair
 * @param policy in force
 * @param borderline whether a deciding score lies within rounding of its threshold
 * @param evidence of quarantined images, or of all if asked for
 */
public record Judgement(
    Verdict verdict,
    List<InfectedHead> infectedHeads,
    float[] similarities,
    double residual,
    Scores scores,
    Optional<Scores> repairedScores,
    List<Label> labels,
    Optional<Label> suspectedLabel,
    RepairPolicy policy,
    boolean borderline,
    Optional<Evidence> evidence) {
  public Judgement {
    infectedHeads = List.copyOf(infectedHeads);
    labels = List.copyOf(labels);
  }
}
