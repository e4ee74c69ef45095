package io.headgate.guard;

import io.headgate.calibration.Calibration;
import io.headgate.calibration.CalibrationException;
import io.headgate.decomposition.Decomposer;
import io.headgate.decomposition.Decomposition;
import io.headgate.decomposition.ModelShape;
import io.headgate.detection.Component;
import io.headgate.detection.DetectorBank;
import io.headgate.detection.Lens;
import io.headgate.detection.PaperMethod;
import io.headgate.detection.Reading;
import io.headgate.detection.Repair;
import io.headgate.detection.Scores;
import io.headgate.detection.TokenMap;
import io.headgate.imaging.RgbImage;
import io.headgate.zeroshot.Label;
import io.headgate.zeroshot.ZeroShotClassifier;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;

/**
 * Judges images with one model and one calibration. One pass decides which images are suspicious;
 * only those get the second. Immutable; safe for concurrent use if the model is.
 */
public final class Guard {
  private final Decomposer model;
  private final Optional<ZeroShotClassifier> classifier;
  private final Calibration calibration;
  private final DetectorBank bank;
  private final RepairPolicy policy;
  private final GuardOptions options;

  /** With {@link GuardOptions#DEFAULT}. */
  public Guard(
      Decomposer model,
      Optional<ZeroShotClassifier> classifier,
      Calibration calibration,
      RepairPolicy policy) {
    this(model, classifier, calibration, policy, GuardOptions.DEFAULT);
  }

  /**
   * @throws CalibrationException if the calibration belongs to another model, naming both
   *     fingerprints, or to other classes
   */
  public Guard(
      Decomposer model,
      Optional<ZeroShotClassifier> classifier,
      Calibration calibration,
      RepairPolicy policy,
      GuardOptions options) {
    calibration.requireModel(model.fingerprint(), model.shape(), classifier);
    this.model = model;
    this.classifier = classifier;
    this.calibration = calibration;
    this.bank = calibration.bank(classifier);
    this.policy = policy;
    this.options = options;
  }

  public Calibration calibration() {
    return calibration;
  }

  public RepairPolicy policy() {
    return policy;
  }

  /** The detectors that decide. */
  public DetectorBank bank() {
    return bank;
  }

  /** Judges with the options of this guard; see {@link #judge(List, GuardOptions)}. */
  public List<Judgement> judge(List<RgbImage> images) {
    return judge(images, options);
  }

  /**
   * Judges images of the model's size, one judgement each, in their order. Images are judged
   * independently of each other.
   *
   * @throws IllegalArgumentException if an image has not the model's size
   */
  public List<Judgement> judge(List<RgbImage> images, GuardOptions how) {
    if (images.isEmpty()) {
      return List.of();
    }
    List<Decomposition> parts = model.decompose(images);
    List<Case> cases = new ArrayList<>(images.size());
    for (int i = 0; i < images.size(); i++) {
      Reading reading = bank.lens().read(parts.get(i));
      cases.add(new Case(images.get(i), parts.get(i), reading, bank.score(reading)));
    }
    locate(cases.stream().filter(c -> c.needsMap(policy, how)).toList(), how);
    repair(cases.stream().filter(c -> c.scores.flagged() && c.reading.finite()).toList(), how);
    return cases.stream().map(c -> judgement(c, how)).toList();
  }

  /** One image on its way to its judgement. */
  private static final class Case {
    final RgbImage image;
    final Decomposition parts;
    final Reading reading;
    final Scores scores;
    TokenMap map;
    int[] infected = new int[0];
    int[] suspectedTokens = new int[0];
    Decomposition repaired;
    Scores repairedScores;
    boolean accepted;

    Case(RgbImage image, Decomposition parts, Reading reading, Scores scores) {
      this.image = image;
      this.parts = parts;
      this.reading = reading;
      this.scores = scores;
    }

    boolean needsMap(RepairPolicy policy, GuardOptions how) {
      return reading.finite() && (scores.flagged() || how.alwaysEvidence());
    }
  }

  /** Finds the tokens that carry the most infected heads' contribution. */
  private void locate(List<Case> cases, GuardOptions how) {
    if (cases.isEmpty()) {
      return;
    }
    Lens lens = bank.lens();
    float[][] directions = cases.stream().map(c -> lens.direction(c.parts)).toArray(float[][]::new);
    List<float[]> contributions =
        model.tokenContributions(cases.stream().map(c -> c.image).toList(), directions);
    for (int i = 0; i < cases.size(); i++) {
      Case c = cases.get(i);
      c.infected = bank.mostInfectedHeads(c.reading, how.infectedComponents());
      c.map =
          TokenMap.of(
              model.shape(), contributions.get(i), lens.reference().tokenMeans(), c.infected);
      c.suspectedTokens = c.map.top(how.prunedTokens());
    }
  }

  private void repair(List<Case> flagged, GuardOptions how) {
    if (flagged.isEmpty()) {
      return;
    }
    switch (policy) {
      case PRUNE -> prune(flagged);
      case PAPER -> flagged.forEach(this::paper);
      case ATTRIBUTION ->
          flagged.forEach(
              c ->
                  tried(
                      c,
                      Repair.attribution(
                          c.parts,
                          bank.lens().reference(),
                          bank.mostInfected(c.reading, how.infectedComponents()))));
      case NONE -> {}
    }
  }

  private void prune(List<Case> flagged) {
    List<Decomposition> pruned =
        model.decomposeWithout(
            flagged.stream().map(c -> c.image).toList(),
            flagged.stream().map(c -> c.suspectedTokens).toArray(int[][]::new));
    for (int i = 0; i < flagged.size(); i++) {
      tried(flagged.get(i), pruned.get(i));
    }
  }

  /** Heads first; if that is not enough, the last MLPs as well. */
  private void paper(Case c) {
    PaperMethod paper = bank.paper();
    Decomposition heads = paper.repairHeads(c.parts);
    tried(c, Repair.unit(heads));
    if (!c.accepted) {
      tried(c, Repair.unit(paper.repairMlps(heads, PaperMethod.REPAIRED_MLPS)));
    }
  }

  private void tried(Case c, Decomposition repaired) {
    c.repaired = repaired;
    c.repairedScores = bank.scoreRepaired(c.reading, repaired);
    c.accepted = !c.repairedScores.flagged();
  }

  private Judgement judgement(Case c, GuardOptions how) {
    Verdict verdict =
        !c.scores.flagged()
            ? new Verdict.Clean(c.parts.embedding())
            : c.accepted
                ? new Verdict.Repaired(c.repaired.embedding())
                : new Verdict.Quarantined(c.parts.embedding());
    boolean quarantined = verdict instanceof Verdict.Quarantined;
    List<Label> labels =
        classifier
            .filter(k -> c.reading.finite())
            .map(k -> k.labels(verdict.embedding(), how.topLabels()))
            .orElse(List.of());
    Optional<Label> suspected =
        verdict instanceof Verdict.Clean || !c.reading.finite()
            ? Optional.empty()
            : classifier.map(k -> k.labels(c.parts.embedding(), 1).get(0));
    boolean borderline =
        bank.borderline(c.scores.deciding())
            || (c.repairedScores != null && bank.borderline(c.repairedScores.deciding()));
    return new Judgement(
        verdict,
        infectedHeads(c.reading),
        c.reading.similarities(),
        c.parts.residual(),
        c.scores,
        Optional.ofNullable(c.repairedScores),
        labels,
        suspected,
        policy,
        borderline,
        quarantined || how.alwaysEvidence() ? Optional.of(evidence(c)) : Optional.empty());
  }

  private List<InfectedHead> infectedHeads(Reading reading) {
    List<InfectedHead> heads = new ArrayList<>();
    boolean[] infected = bank.paper().infected(reading.similarities());
    for (int h = 0; h < infected.length; h++) {
      if (infected[h]) {
        heads.add(
            new InfectedHead(
                model.shape().layers() - 1,
                h,
                reading.similarities()[h],
                bank.paper().epsilon()[h]));
      }
    }
    return heads;
  }

  private Evidence evidence(Case c) {
    ModelShape shape = model.shape();
    float[] heads = c.parts.heads();
    int from = c.parts.headOffset(shape.layers() - 1, 0);
    return new Evidence(
        Arrays.copyOfRange(heads, from, heads.length),
        shape.layers(),
        shape.heads(),
        shape.grid(),
        c.map == null ? new float[shape.grid() * shape.grid()] : c.map.map(),
        c.suspectedTokens,
        Arrays.stream(c.infected).mapToObj(k -> Component.of(shape, k).toString()).toList());
  }
}
