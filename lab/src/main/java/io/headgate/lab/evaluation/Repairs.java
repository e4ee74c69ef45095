package io.headgate.lab.evaluation;

import io.headgate.decomposition.Decomposition;
import io.headgate.detection.DetectorBank;
import io.headgate.detection.PaperMethod;
import io.headgate.detection.Reading;
import io.headgate.detection.Repair;
import io.headgate.guard.GuardOptions;
import java.util.Optional;

/** The ways of repair that are compared. */
enum Repairs {
  /** Every suspicious picture is quarantined. */
  NONE("none"),
  /** The paper's: infected heads of the last layer replaced by their prototypes. */
  PAPER_HEADS("paper-heads"),
  /** The paper's against attacks that live in MLPs: the last five replaced. */
  PAPER_MLPS("paper-mlps"),
  /** The picture's own most infected components replaced. */
  ATTRIBUTION("attribution"),
  /** The tokens that carry them dropped, in a second pass. */
  PRUNE("prune");

  private final String id;

  Repairs(String id) {
    this.id = id;
  }

  String id() {
    return id;
  }

  /** The repaired picture, unit norm, where no second pass is needed. */
  Optional<Decomposition> apply(DetectorBank bank, Decomposition parts, Reading reading) {
    return switch (this) {
      case NONE, PRUNE -> Optional.empty();
      case PAPER_HEADS -> Optional.of(Repair.unit(bank.paper().repairHeads(parts)));
      case PAPER_MLPS ->
          Optional.of(Repair.unit(bank.paper().repairMlps(parts, PaperMethod.REPAIRED_MLPS)));
      case ATTRIBUTION ->
          Optional.of(
              Repair.unit(
                  Repair.attribution(
                      parts,
                      bank.lens().reference(),
                      bank.mostInfected(reading, GuardOptions.DEFAULT.infectedComponents()))));
    };
  }
}
