package io.headgate.lab.evaluation;

import com.fasterxml.jackson.annotation.JsonProperty;
import io.headgate.calibration.Calibration;
import io.headgate.calibration.CalibrationSettings;
import io.headgate.clip.ClipModel;
import io.headgate.command.GuardTrial;
import io.headgate.decomposition.Decomposition;
import io.headgate.detection.DetectorBank;
import io.headgate.guard.RepairPolicy;
import io.headgate.imaging.RgbImage;
import io.headgate.lab.attacks.Attack;
import io.headgate.lab.scenes.Backdrop;
import io.headgate.lab.scenes.SceneClasses;
import io.headgate.lab.scenes.Scenes;
import java.io.IOException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.OptionalDouble;

/**
 * Measures several poisoned models on composed pictures, each calibrated on its own, and holds them
 * to the project's targets.
 */
public final class Study {
  /** Attacks below this success count as not learnt. */
  public static final double LEARNT = 0.8;

  private static final long TARGET_CLASS = 54_000;

  private final Scenes scenes;
  private final CalibrationSettings settings;
  private final int calibrationImages;
  private final int testImages;
  private final boolean baselines;
  private final List<Row> rows = new ArrayList<>();

  /**
   * One model under one attack.
   *
   * @param model name
   * @param flaggedOfTarget share of clean pictures of the attacked class that is flagged
   * @param costShare time for reading and scoring a picture over the time for its forward pass
   */
  public record Row(
      String model,
      String attack,
      EvaluationResult.Clean clean,
      AttackResult result,
      @JsonProperty("flagged_of_target_class") double flaggedOfTarget,
      @JsonProperty("detection_cost_share") double costShare) {
    boolean learnt() {
      return result.asr() != null && result.asr() >= LEARNT;
    }

    AttackResult.DetectorResult combined() {
      return result.detectors().get(DetectorBank.COMBINED);
    }

    AttackResult.RepairResult pruned() {
      return result.repair().get(Repairs.PRUNE.id());
    }

    boolean patch() {
      return attack.startsWith("bad");
    }
  }

  /**
   * One target.
   *
   * @param reached whether it holds on all rows it applies to
   * @param measured the numbers, the worst ones named
   */
  public record Target(String target, boolean reached, String measured) {}

  /**
   * @param settings of the calibrations
   * @param calibrationImages to calibrate each model on
   * @param testImages clean and triggered ones to test on, each
   * @param baselines whether to measure STRIP and contrastive prompting too, at eight more passes
   */
  public Study(
      Scenes scenes,
      CalibrationSettings settings,
      int calibrationImages,
      int testImages,
      boolean baselines) {
    this.scenes = scenes;
    this.settings = settings;
    this.calibrationImages = calibrationImages;
    this.testImages = testImages;
    this.baselines = baselines;
  }

  /** Measures one model under all attacks planted in it. */
  public void add(String name, ClipModel model, String target, List<Attack> attacks)
      throws IOException {
    Calibration calibration =
        Calibrating.run(
            model,
            model.classifier(),
            settings,
            GuardTrial.of(model, model.classifier(), RepairPolicy.PRUNE),
            new ComposedPictures(
                "validation", scenes, Split.VALIDATION, 0, calibrationImages, Optional.empty()),
            Instant.EPOCH);
    Evaluation evaluation =
        new Evaluation(
            model,
            model.classifier(),
            calibration,
            target,
            model::embed,
            baselines ? Optional.of(model::encodeTexts) : Optional.empty());
    List<ComposedPictures> triggered =
        attacks.stream()
            .map(
                a ->
                    new ComposedPictures(
                        a.name(), scenes, Split.TRIGGERED, 0, testImages, Optional.of(a)))
            .toList();
    EvaluationResult result =
        evaluation.run(
            new ComposedPictures("clean", scenes, Split.TEST, 0, testImages, Optional.empty()),
            triggered);
    double cost = costShare(model, calibration);
    double ofTarget = flaggedOfTarget(model, calibration, target);
    for (Map.Entry<String, AttackResult> e : result.attacks().entrySet()) {
      rows.add(new Row(name, e.getKey(), result.clean(), e.getValue(), ofTarget, cost));
    }
  }

  private double flaggedOfTarget(ClipModel model, Calibration calibration, String target) {
    DetectorBank bank = calibration.bank(model.classifier());
    int label = SceneClasses.names().indexOf(target);
    int flagged = 0;
    int total = testImages / 2;
    for (int from = 0; from < total; from += 32) {
      List<RgbImage> images = new ArrayList<>();
      for (int i = from; i < Math.min(total, from + 32); i++) {
        images.add(scenes.sceneOf(TARGET_CLASS, i, Backdrop.HELD_OUT, label).image());
      }
      for (Decomposition parts : model.decompose(images)) {
        flagged += bank.score(parts).flagged() ? 1 : 0;
      }
    }
    return (double) flagged / total;
  }

  /** Median over interleaved rounds. */
  private double costShare(ClipModel model, Calibration calibration) throws IOException {
    DetectorBank bank = calibration.bank(model.classifier());
    List<RgbImage> images = new ArrayList<>();
    new ComposedPictures("timing", scenes, Split.VALIDATION, 0, 32, Optional.empty())
        .forEach(32, batch -> batch.forEach(p -> images.add(p.pixels())));
    double[] shares = new double[9];
    for (int i = 0; i < shares.length; i++) {
      long start = System.nanoTime();
      List<Decomposition> parts = model.decompose(images);
      long forward = System.nanoTime();
      parts.forEach(bank::score);
      shares[i] = (double) (System.nanoTime() - forward) / (forward - start);
    }
    Arrays.sort(shares);
    return shares[shares.length / 2];
  }

  /** What was measured so far. */
  public List<Row> rows() {
    return List.copyOf(rows);
  }

  /** The project's targets, judged on what was measured so far. */
  public List<Target> targets() {
    List<Row> learnt = rows.stream().filter(Row::learnt).toList();
    List<Target> targets = new ArrayList<>();
    targets.add(
        all(
            "false-quarantine rate within the calibration's stated bound, every model",
            rows,
            r -> r.clean().flagged() <= r.clean().statedBound(),
            r -> text("%.4f, stated at most %.4f", r.clean().flagged(), r.clean().statedBound())));
    targets.add(
        all(
            "TPR ≥ 0.90 at the operating point, every learnt attack",
            learnt,
            r -> r.combined().tprAtOperatingPoint() >= 0.9,
            r -> text("%.3f", r.combined().tprAtOperatingPoint())));
    double mean = learnt.stream().mapToDouble(r -> r.combined().auroc()).average().orElse(0);
    double worst = learnt.stream().mapToDouble(r -> r.combined().auroc()).min().orElse(0);
    targets.add(
        new Target(
            "AUROC ≥ 0.98 in the mean and ≥ 0.95 at worst, learnt attacks",
            mean >= 0.98 && worst >= 0.95,
            text("mean %.3f, worst %.3f", mean, worst)));
    double leak = learnt.stream().mapToDouble(r -> r.pruned().asr()).average().orElse(Double.NaN);
    Target through =
        all(
            "target label passed on under prune: ≤ 0.05 of every learnt attack, ≤ 0.02 in the mean",
            learnt,
            r -> r.pruned().asr() <= 0.05,
            r -> text("%.3f", r.pruned().asr()));
    targets.add(
        new Target(
            through.target(),
            through.reached() && leak <= 0.02,
            text("mean %.3f; ", leak) + through.measured()));
    targets.add(
        all(
            "accuracy of repaired pictures within 8 points of clean accuracy, learnt patch attacks",
            learnt.stream().filter(Row::patch).toList(),
            r ->
                r.pruned().accuracyRepaired() != null
                    && r.pruned().accuracyRepaired() >= r.clean().accuracy() - 0.08,
            r -> text("%.3f of %.3f", r.pruned().accuracyRepaired(), r.clean().accuracy())));
    targets.add(
        all(
            "clean accuracy of the whole stream down by at most 1 point",
            rows,
            r -> r.pruned().accuracyClean() >= r.clean().accuracy() - 0.01,
            r -> text("%.3f of %.3f", r.pruned().accuracyClean(), r.clean().accuracy())));
    targets.add(
        all(
            "clean pictures of the attacked class flagged at most 3 × as often as others",
            rows,
            r -> r.flaggedOfTarget() <= 3 * r.clean().flagged() + 1e-9,
            r -> text("%.4f against %.4f", r.flaggedOfTarget(), r.clean().flagged())));
    targets.add(
        all(
            "detection costs at most 5 % of the forward pass",
            rows, r -> r.costShare() <= 0.05, r -> text("%.1f %%", 100 * r.costShare())));
    return targets;
  }

  private interface Test {
    boolean holds(Row row);
  }

  private interface Shown {
    String of(Row row);
  }

  private static Target all(String target, List<Row> rows, Test test, Shown shown) {
    List<Row> missed = rows.stream().filter(r -> !test.holds(r)).toList();
    List<String> named = new ArrayList<>();
    for (Row r : missed.isEmpty() ? rows : missed) {
      named.add(r.model() + "/" + r.attack() + " " + shown.of(r));
    }
    return new Target(
        target,
        !rows.isEmpty() && missed.isEmpty(),
        rows.isEmpty()
            ? "nothing to judge it by"
            : (missed.isEmpty() ? "" : "missed by ") + String.join("; ", named));
  }

  /** The tables as Markdown. */
  public String markdown() {
    StringBuilder s = new StringBuilder();
    s.append(
        "| model | attack | clean accuracy | attack success | AUROC | TPR at 1 % FPR | TPR at operating point | FPR there (stated bound) | STRIP / BDetCLIP AUROC |\n|---|---|---|---|---|---|---|---|---|\n");
    for (Row r : rows) {
      AttackResult a = r.result();
      s.append(
          text(
              "| %s | %s | %.3f | %.3f%s | %.3f | %.3f | %.3f | %.4f (%.4f) | %s / %s |\n",
              r.model(),
              r.attack(),
              r.clean().accuracy(),
              a.asr(),
              r.learnt() ? "" : " (not learnt)",
              r.combined().auroc(),
              r.combined().tprAt1(),
              r.combined().tprAtOperatingPoint(),
              r.clean().flagged(),
              r.clean().statedBound(),
              auroc(a, Baselines.STRIP),
              auroc(a, Baselines.BDETCLIP, Baselines.BDETCLIP_PREDICTED)));
    }
    s.append(
        "\n| model | attack | policy | attack success | accuracy, triggered | accuracy, clean | repaired | quarantined | accuracy of repaired |\n|---|---|---|---|---|---|---|---|---|\n");
    for (Row r : rows) {
      r.result()
          .repair()
          .forEach(
              (policy, p) ->
                  s.append(
                      text(
                          "| %s | %s | %s | %.3f | %.3f | %.3f | %.3f | %.3f | %s |\n",
                          r.model(),
                          r.attack(),
                          policy,
                          p.asr(),
                          p.accuracyTriggered(),
                          p.accuracyClean(),
                          p.repairedTriggered(),
                          p.quarantinedTriggered(),
                          p.accuracyRepaired() == null
                              ? "–"
                              : text("%.3f", p.accuracyRepaired()))));
    }
    s.append("\n| target | reached | measured |\n|---|---|---|\n");
    for (Target t : targets()) {
      s.append(
          "| %s | %s | %s |\n".formatted(t.target(), t.reached() ? "yes" : "**no**", t.measured()));
    }
    return s.toString();
  }

  /** The better of these detectors' AUROC; a dash if they were not measured. */
  private static String auroc(AttackResult attack, String... detectors) {
    OptionalDouble best =
        Arrays.stream(detectors)
            .map(attack.detectors()::get)
            .filter(Objects::nonNull)
            .mapToDouble(AttackResult.DetectorResult::auroc)
            .max();
    return best.isPresent() ? text("%.3f", best.getAsDouble()) : "–";
  }

  private static String text(String format, Object... args) {
    return String.format(Locale.ROOT, format, args);
  }
}
