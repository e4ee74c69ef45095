package io.headgate.lab.evaluation;

import io.headgate.decomposition.Decomposition;
import io.headgate.detection.DetectorBank;
import io.headgate.detection.PaperMethod;
import io.headgate.detection.Reading;
import io.headgate.detection.Repair;
import io.headgate.guard.GuardOptions;
import java.util.List;

/** The ways of repair that are compared. */
enum Repairs {
  /** Every suspicious picture is quarantined. */
  NONE("none"),
  /** The paper's, as a guard tries it: heads first, then also MLPs. */
  PAPER("paper"),
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

  /**
   * The repaired pictures, unit norm, in the order in which they are tried; empty where there are
   * none or a second pass is needed.
   */
  List<Decomposition> apply(DetectorBank bank, Decomposition parts, Reading reading) {
    PaperMethod paper = bank.paper();
    return switch (this) {
      case NONE, PRUNE -> List.of();
      case PAPER -> {
        Decomposition heads = paper.repairHeads(parts);
        yield List.of(
            Repair.unit(heads), Repair.unit(paper.repairMlps(heads, PaperMethod.REPAIRED_MLPS)));
      }
      case PAPER_HEADS -> List.of(Repair.unit(paper.repairHeads(parts)));
      case PAPER_MLPS -> List.of(Repair.unit(paper.repairMlps(parts, PaperMethod.REPAIRED_MLPS)));
      case ATTRIBUTION ->
          List.of(
              Repair.unit(
                  Repair.attribution(
                      parts,
                      bank.lens().reference(),
                      bank.mostInfected(reading, GuardOptions.DEFAULT.infectedComponents()))));
    };
  }
}
