package io.headgate.lab.evaluation;

import io.headgate.calibration.Calibration;
import io.headgate.console.Progress;
import io.headgate.console.UserException;
import io.headgate.decomposition.Decomposer;
import io.headgate.decomposition.Decomposition;
import io.headgate.detection.BinomialBound;
import io.headgate.detection.DetectorBank;
import io.headgate.detection.DetectorFitting;
import io.headgate.detection.Reading;
import io.headgate.detection.Score;
import io.headgate.detection.Scores;
import io.headgate.guard.Guard;
import io.headgate.guard.Judgement;
import io.headgate.guard.RepairPolicy;
import io.headgate.guard.Verdict;
import io.headgate.imaging.RgbImage;
import io.headgate.lab.evaluation.AttackResult.DetectorResult;
import io.headgate.lab.evaluation.AttackResult.RepairResult;
import io.headgate.lab.evaluation.Observations.Outcome;
import io.headgate.lab.evaluation.Observations.Route;
import io.headgate.zeroshot.ZeroShotClassifier;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.Function;
import java.util.function.IntPredicate;

/**
 * Measures one model with one calibration on clean and triggered pictures. Memory grows by some
 * hundred bytes a picture. Owned by one thread.
 */
public final class Evaluation {
  /** Confidence of the bounds. */
  public static final double CONFIDENCE = 0.95;

  private static final int BATCH = 32;

  private final Decomposer model;
  private final ZeroShotClassifier classifier;
  private final Calibration calibration;
  private final Guard pruning;
  private final DetectorBank bank;
  private final int target;
  private final Optional<Baselines> baselines;
  private final Map<String, Observations> observed = new LinkedHashMap<>();

  /**
   * @param target name of the class that the backdoor leads to
   * @param texts unit text embeddings, for contrastive prompting; empty to leave the baselines out
   * @throws UserException if the model has no classes, the target is none of them, or the
   *     calibration belongs to another model
   */
  public Evaluation(
      Decomposer model,
      Optional<ZeroShotClassifier> classifier,
      Calibration calibration,
      String target,
      Function<List<RgbImage>, float[][]> embed,
      Optional<Function<List<String>, float[][]>> texts) {
    this.model = model;
    this.classifier =
        classifier.orElseThrow(
            () ->
                new UserException(
                    "the model has no classes (expected: a classes.json in its folder, so that accuracy and attack success can be measured)"));
    this.target = this.classifier.classes().indexOf(target);
    if (this.target < 0) {
      throw new UserException(
          "target: %s (expected: one of the model's classes, %s)"
              .formatted(target, head(this.classifier.classes())));
    }
    this.calibration = calibration;
    this.pruning = new Guard(model, classifier, calibration, RepairPolicy.PRUNE);
    this.bank = pruning.bank();
    this.baselines = texts.map(t -> new Baselines(embed, t, this.classifier));
  }

  private static String head(List<String> names) {
    return names.size() <= 8 ? names.toString() : names.subList(0, 8) + " …";
  }

  /**
   * Measures.
   *
   * @throws UserException if a set holds no readable picture
   */
  public EvaluationResult run(PictureSet clean, List<? extends PictureSet> triggered)
      throws IOException {
    Set<String> names = new HashSet<>();
    for (PictureSet set : triggered) {
      if (!names.add(set.name())) {
        throw new UserException(
            "attack %s: given twice (expected: folders of different names)".formatted(set.name()));
      }
    }
    if (baselines.isPresent()) {
      clean.forEach(
          BATCH,
          batch -> {
            if (!baselines.get().pooled()) {
              baselines.get().pool(batch);
            }
          });
    }
    Observations cleanSeen = observe(clean);
    Map<String, AttackResult> attacks = new LinkedHashMap<>();
    for (PictureSet set : triggered) {
      attacks.put(set.name(), attack(set, cleanSeen, observe(set)));
    }
    return new EvaluationResult(
        model.fingerprint(),
        calibration.id(),
        classifier.classes().get(target),
        clean(clean, cleanSeen),
        attacks);
  }

  /** Scores of one detector over a set that was measured, in its order. */
  public double[] scores(String set, String detector) {
    return observed.get(set).scores(detector);
  }

  /** Names of the detectors that scored a set that was measured. */
  public List<String> detectors(String set) {
    return observed.get(set).detectors();
  }

  private Observations observe(PictureSet set) throws IOException {
    Observations seen = new Observations();
    try (Progress progress = Progress.start("measuring " + set.name(), set.size())) {
      set.forEach(
          BATCH,
          batch -> {
            observe(batch, seen);
            progress.advance(batch.size());
          });
    }
    if (seen.size() == 0) {
      throw new UserException(
          "%s: none of %d files could be read, the first: %s"
              .formatted(set.name(), set.size(), set.skipped().stream().findFirst().orElse("-")));
    }
    observed.put(set.name(), seen);
    return seen;
  }

  private void observe(List<Picture> batch, Observations seen) {
    int first = seen.size();
    List<RgbImage> images = batch.stream().map(Picture::pixels).toList();
    List<Decomposition> parts = model.decompose(images);
    List<Integer> flagged = new ArrayList<>();
    List<Scores> allScores = new ArrayList<>();
    for (int i = 0; i < batch.size(); i++) {
      Reading reading = bank.lens().read(parts.get(i));
      Scores scores = bank.score(reading);
      allScores.add(scores);
      seen.picture(batch.get(i).label(), reading.predicted());
      for (Score s : scores.all()) {
        seen.score(s.detector(), s.score());
      }
      if (scores.flagged()) {
        flagged.add(i);
      }
      for (Repairs repair : Repairs.values()) {
        if (repair != Repairs.PRUNE) {
          seen.outcome(repair, component(repair, parts.get(i), reading, scores.flagged()));
        }
      }
    }
    prune(images, parts, flagged, seen);
    if (baselines.isPresent()) {
      List<float[]> embeddings = parts.stream().map(Decomposition::embedding).toList();
      for (Map<String, Double> scores : baselines.get().score(images, embeddings, first)) {
        scores.forEach(seen::score);
      }
    }
  }

  private Outcome component(Repairs repair, Decomposition parts, Reading reading, boolean flagged) {
    Optional<Decomposition> repaired = repair.apply(bank, parts, reading);
    if (repaired.isEmpty()) {
      return new Outcome(flagged ? Route.QUARANTINED : Route.CLEAN, reading.predicted(), -1);
    }
    int label = classifier.predict(repaired.get().embedding());
    if (!flagged) {
      return new Outcome(Route.CLEAN, reading.predicted(), label);
    }
    return bank.scoreRepaired(reading, repaired.get()).flagged()
        ? new Outcome(Route.QUARANTINED, reading.predicted(), label)
        : new Outcome(Route.REPAIRED, label, label);
  }

  private void prune(
      List<RgbImage> images, List<Decomposition> parts, List<Integer> flagged, Observations seen) {
    List<Judgement> judged =
        flagged.isEmpty() ? List.of() : pruning.judge(flagged.stream().map(images::get).toList());
    int next = 0;
    for (int i = 0; i < images.size(); i++) {
      if (next < flagged.size() && flagged.get(next) == i) {
        Verdict verdict = judged.get(next++).verdict();
        Route route =
            verdict instanceof Verdict.Clean
                ? Route.CLEAN
                : verdict instanceof Verdict.Repaired ? Route.REPAIRED : Route.QUARANTINED;
        seen.outcome(
            Repairs.PRUNE, new Outcome(route, classifier.predict(verdict.embedding()), -1));
      } else {
        seen.outcome(
            Repairs.PRUNE,
            new Outcome(Route.CLEAN, classifier.predict(parts.get(i).embedding()), -1));
      }
    }
  }

  private EvaluationResult.Clean clean(PictureSet set, Observations seen) {
    int n = seen.size();
    int flagged = 0;
    int ofTarget = 0;
    int flaggedOfTarget = 0;
    List<Outcome> none = seen.outcomes(Repairs.NONE);
    for (int i = 0; i < n; i++) {
      boolean held = none.get(i).route() == Route.QUARANTINED;
      flagged += held ? 1 : 0;
      if (seen.label(i) == target) {
        ofTarget++;
        flaggedOfTarget += held ? 1 : 0;
      }
    }
    return new EvaluationResult.Clean(
        n,
        set.skippedCount(),
        set.skipped(),
        share(seen, i -> seen.label(i) >= 0, i -> seen.predicted(i) == seen.label(i)),
        (double) flagged / n,
        BinomialBound.upper(flagged, n, CONFIDENCE),
        calibration.measured().flagRateUpper(),
        ofTarget == 0 ? null : (double) flaggedOfTarget / ofTarget,
        ofTarget);
  }

  private AttackResult attack(PictureSet set, Observations clean, Observations seen) {
    Map<String, DetectorResult> detectors = new LinkedHashMap<>();
    for (String name : seen.detectors()) {
      detectors.put(name, detector(name, clean.scores(name), seen.scores(name)));
    }
    Map<String, RepairResult> repairs = new LinkedHashMap<>();
    for (Repairs repair : Repairs.values()) {
      repairs.put(repair.id(), repair(clean, seen, repair));
    }
    return new AttackResult(
        seen.size(),
        set.skippedCount(),
        set.skipped(),
        share(seen, i -> seen.label(i) != target, i -> seen.predicted(i) == target),
        share(seen, i -> seen.label(i) >= 0, i -> seen.predicted(i) == seen.label(i)),
        detectors,
        repairs);
  }

  private DetectorResult detector(String name, double[] clean, double[] triggered) {
    Curve curve = new Curve(clean, triggered);
    double threshold;
    int falseAlarms;
    int trials;
    if (name.equals(Baselines.STRIP) || name.startsWith(Baselines.BDETCLIP)) {
      // no calibration: half of the clean pictures set the threshold, the other half measures
      double[] odd = every(clean, 1);
      threshold = DetectorFitting.threshold(every(clean, 0), 0.01);
      falseAlarms = odd.length == 0 ? 0 : new Curve(odd, triggered).cleanAbove(threshold);
      trials = odd.length;
    } else {
      threshold = threshold(name);
      falseAlarms = curve.cleanAbove(threshold);
      trials = clean.length;
    }
    return new DetectorResult(
        curve.auroc(),
        curve.auprc(0.01),
        curve.auprc(0.05),
        curve.auprc(0.3),
        curve.tprAt(0.01),
        curve.tprAt(0.05),
        curve.tprAbove(threshold),
        trials == 0 ? 0 : (double) falseAlarms / trials,
        BinomialBound.upper(falseAlarms, trials, CONFIDENCE));
  }

  private double threshold(String detector) {
    if (detector.equals(DetectorBank.COMBINED)) {
      return bank.fitted().threshold();
    }
    if (detector.equals(DetectorBank.INFECTED_HEADS)) {
      return bank.paper().zeta();
    }
    return bank.fitted().detectors().stream()
        .filter(f -> f.name().equals(detector))
        .findFirst()
        .orElseThrow()
        .threshold();
  }

  private static double[] every(double[] values, int remainder) {
    double[] out = new double[(values.length + 1 - remainder) / 2];
    for (int i = 0; i < out.length; i++) {
      out[i] = values[2 * i + remainder];
    }
    return out;
  }

  private RepairResult repair(Observations clean, Observations seen, Repairs repair) {
    List<Outcome> ours = seen.outcomes(repair);
    List<Outcome> cleanOnes = clean.outcomes(repair);
    IntPredicate labelled = i -> seen.label(i) >= 0;
    IntPredicate others = i -> seen.label(i) != target;
    boolean always = ours.get(0).always() >= 0;
    return new RepairResult(
        share(
            seen,
            others,
            i -> ours.get(i).route() != Route.QUARANTINED && ours.get(i).label() == target),
        share(
            seen,
            labelled,
            i -> ours.get(i).route() != Route.QUARANTINED && ours.get(i).label() == seen.label(i)),
        share(
            clean,
            i -> clean.label(i) >= 0,
            i ->
                cleanOnes.get(i).route() != Route.QUARANTINED
                    && cleanOnes.get(i).label() == clean.label(i)),
        share(seen, i -> true, i -> ours.get(i).route() == Route.REPAIRED),
        share(seen, i -> true, i -> ours.get(i).route() == Route.QUARANTINED),
        share(clean, i -> true, i -> cleanOnes.get(i).route() == Route.QUARANTINED),
        share(
            seen,
            i -> labelled.test(i) && ours.get(i).route() == Route.REPAIRED,
            i -> ours.get(i).label() == seen.label(i)),
        always ? share(seen, others, i -> ours.get(i).always() == target) : null,
        always ? share(seen, labelled, i -> ours.get(i).always() == seen.label(i)) : null,
        always
            ? share(
                clean, i -> clean.label(i) >= 0, i -> cleanOnes.get(i).always() == clean.label(i))
            : null);
  }

  /** Share of those counted that hit; null if none is counted. */
  private static Double share(Observations seen, IntPredicate counted, IntPredicate hit) {
    int total = 0;
    int hits = 0;
    for (int i = 0; i < seen.size(); i++) {
      if (counted.test(i)) {
        total++;
        hits += hit.test(i) ? 1 : 0;
      }
    }
    return total == 0 ? null : (double) hits / total;
  }
}
