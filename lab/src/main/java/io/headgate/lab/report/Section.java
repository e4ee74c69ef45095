package io.headgate.lab.report;

import io.headgate.decomposition.ModelShape;
import io.headgate.detection.DetectorBank;
import io.headgate.detection.Reading;
import io.headgate.guard.Evidence;
import io.headgate.guard.Guard;
import io.headgate.guard.GuardOptions;
import io.headgate.guard.Judgement;
import io.headgate.guard.RepairPolicy;
import io.headgate.lab.evaluation.AttackResult;
import io.headgate.lab.evaluation.Curve;
import io.headgate.lab.evaluation.Evaluation;
import io.headgate.lab.evaluation.EvaluationResult;
import io.headgate.lab.evaluation.Picture;
import io.headgate.lab.evaluation.Pictures;
import io.headgate.lab.report.Ablation.Kind;
import io.headgate.lab.report.Ablation.Order;
import io.headgate.lab.report.Ablation.Result;
import io.headgate.lab.scenes.SceneClasses;
import io.headgate.zeroshot.ZeroShotClassifier;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Base64;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import java.util.function.ToDoubleFunction;
import java.util.stream.IntStream;

/** Everything about one model under one attack, as HTML, with the facts for the findings. */
final class Section {
  private static final int WORDS = 5;
  private static final int SHOWN = 6;

  /** Heads of other layers than the last whose words are shown. */
  private static final int ELSEWHERE = 4;

  private final Subject subject;
  private final ModelShape shape;
  private final ZeroShotClassifier classifier;
  private final Guard guard;
  private final StringBuilder html = new StringBuilder();
  private final EvaluationResult result;
  private final Facts facts;

  /**
   * @param limit pictures whose parts are looked at, of each kind
   */
  Section(Subject subject, int limit) throws IOException {
    this.subject = subject;
    this.shape = subject.model().shape();
    this.classifier = subject.model().classifier().orElseThrow();
    this.guard =
        new Guard(
            subject.model(),
            subject.model().classifier(),
            subject.calibration(),
            RepairPolicy.PRUNE);
    Evaluation evaluation =
        new Evaluation(
            subject.model(),
            subject.model().classifier(),
            subject.calibration(),
            subject.target(),
            subject.model()::embed,
            Optional.of(subject.model()::encodeTexts));
    this.result = evaluation.run(subject.clean(), List.of(subject.triggered()));
    Sample clean = Sample.of(subject.model(), subject.clean(), limit);
    Sample triggered = Sample.of(subject.model(), subject.triggered(), limit);

    AttackResult attack = result.attacks().get(subject.triggered().name());
    html.append("<h2 id='").append(Svg.escape(subject.name())).append("'>");
    html.append(Svg.escape(subject.name())).append("</h2>");
    html.append(
        text(
            "<p>%,d clean pictures, accuracy %s; %,d triggered, attack success %s towards “%s”. Flagged of the clean ones: %.2f %%, at most %.2f %% (95 %%).</p>",
            result.clean().images(),
            share(result.clean().accuracy()),
            attack.images(),
            share(attack.asr()),
            Svg.escape(subject.target()),
            100 * result.clean().flagged(),
            100 * result.clean().flaggedBound()));
    tables(attack);
    curves(evaluation);
    List<Result> ablations = ablation(clean, triggered);
    double[] components = MeanDiscrepancy.perComponent(shape, clean, triggered);
    double[] discrepancy = discrepancy(clean, triggered, components);
    double[] auroc = similarities(clean, triggered);
    double[] overlap = words(clean, triggered, components);
    maps(triggered);
    Ablation whole = ablationOf();
    AttackResult.RepairResult prune = attack.repair().get("prune");
    facts =
        new Facts(
            subject.triggered().name(),
            prune.repairedTriggered() > prune.quarantinedTriggered(),
            whole.attackSuccess(triggered, Kind.BOTH, l -> false),
            whole.attackSuccess(triggered, Kind.HEADS, l -> true),
            whole.attackSuccess(triggered, Kind.MLPS, l -> true),
            find(ablations, Kind.HEADS).asr(),
            find(ablations, Kind.MLPS).asr(),
            discrepancy,
            auroc,
            overlap);
  }

  String name() {
    return subject.name();
  }

  String html() {
    return html.toString();
  }

  Facts facts() {
    return facts;
  }

  EvaluationResult result() {
    return result;
  }

  private Ablation ablationOf() {
    return new Ablation(
        shape,
        guard.bank().lens().reference().means(),
        classifier,
        classifier.classes().indexOf(subject.target()));
  }

  private static Result find(List<Result> results, Kind kind) {
    return results.stream()
        .filter(r -> r.kind() == kind && r.order() == Order.SEPARATE)
        .findFirst()
        .orElseThrow();
  }

  private void tables(AttackResult attack) {
    html.append(
        "<table><tr><th>detector<th>AUROC<th>TPR at 1 % FPR<th>at 5 %<th>TPR at operating point<th>FPR there<th>at most<th>AUPRC, 1 % triggered<th>5 %<th>30 %</tr>");
    attack
        .detectors()
        .forEach(
            (name, d) ->
                html.append(
                    text(
                        "<tr><td>%s<td>%.3f<td>%.3f<td>%.3f<td>%.3f<td>%.4f<td>%.4f<td>%.3f<td>%.3f<td>%.3f</tr>",
                        name,
                        d.auroc(),
                        d.tprAt1(),
                        d.tprAt5(),
                        d.tprAtOperatingPoint(),
                        d.fprAtOperatingPoint(),
                        d.fprBound(),
                        d.auprc1(),
                        d.auprc5(),
                        d.auprc30())));
    html.append(
        "</table><table><tr><th>repair<th>attack success<th>accuracy, triggered<th>accuracy, clean<th>repaired, of triggered<th>quarantined<th>accuracy of repaired<th>quarantined, of clean<th>applied to all: success<th>accuracy, clean</tr>");
    attack
        .repair()
        .forEach(
            (name, r) ->
                html.append(
                    text(
                        "<tr><td>%s<td>%s<td>%s<td>%s<td>%.3f<td>%.3f<td>%s<td>%.4f<td>%s<td>%s</tr>",
                        name,
                        share(r.asr()),
                        share(r.accuracyTriggered()),
                        share(r.accuracyClean()),
                        r.repairedTriggered(),
                        r.quarantinedTriggered(),
                        share(r.accuracyRepaired()),
                        r.quarantinedClean(),
                        share(r.asrAlways()),
                        share(r.accuracyCleanAlways()))));
    html.append("</table>");
  }

  private void curves(Evaluation evaluation) {
    String clean = subject.clean().name();
    String triggered = subject.triggered().name();
    List<Svg.Line> lines = new ArrayList<>();
    List<String> names = new ArrayList<>(List.of(DetectorBank.COMBINED));
    names.addAll(subject.calibration().detectors().combination());
    names.addAll(List.of(DetectorBank.INFECTED_HEADS, "strip", "bdetclip", "bdetclip-predicted"));
    for (String name : names) {
      if (!evaluation.detectors(triggered).contains(name)) {
        continue;
      }
      double[][] points =
          new Curve(evaluation.scores(clean, name), evaluation.scores(triggered, name)).points(60);
      lines.add(
          new Svg.Line(
              name,
              Arrays.stream(points).mapToDouble(p -> p[0]).toArray(),
              Arrays.stream(points).mapToDouble(p -> p[1]).toArray(),
              lines.size(),
              false));
    }
    html.append("<h3>ROC curves</h3><div class='row'>")
        .append(Svg.lines("TPR over FPR", "share of clean pictures flagged", 1, lines))
        .append(
            Svg.lines(
                "the same, near zero",
                "share of clean pictures flagged",
                0.1,
                lines.stream().map(l -> cut(l, 0.1)).toList()))
        .append("</div>");
  }

  private static Svg.Line cut(Svg.Line line, double max) {
    int n = 0;
    while (n < line.x().length && line.x()[n] <= max) {
      n++;
    }
    return new Svg.Line(
        line.name(),
        Arrays.copyOf(line.x(), n),
        Arrays.copyOf(line.y(), n),
        line.colour(),
        line.dashed());
  }

  private List<Result> ablation(Sample clean, Sample triggered) {
    List<Result> results = ablationOf().run(clean, triggered);
    html.append(
        "<h3>Where the infection sits: layers replaced by their clean means</h3><p>A falling attack success says that the backdoor needs them; a falling accuracy, that everything does.</p><div class='row'>");
    double[] layers = new double[shape.layers()];
    Arrays.setAll(layers, l -> l);
    for (Order order : Order.values()) {
      List<Svg.Line> lines = new ArrayList<>();
      for (Kind kind : Kind.values()) {
        results.stream()
            .filter(r -> r.order() == order && r.kind() == kind)
            .forEach(
                r -> {
                  String name = kind.name().toLowerCase(Locale.ROOT);
                  int colour = kind.ordinal();
                  lines.add(
                      new Svg.Line(name + ": attack success", layers, r.asr(), colour, false));
                  lines.add(
                      new Svg.Line(name + ": clean accuracy", layers, r.accuracy(), colour, true));
                });
      }
      String what =
          switch (order) {
            case FORWARD -> "forward: layers 0 to l";
            case BACKWARD -> "backward: layers l to last";
            case SEPARATE -> "separate: layer l alone";
          };
      html.append(Svg.lines(what, "layer l", Math.max(1, shape.layers() - 1), lines));
    }
    html.append("</div>");
    return results;
  }

  private double[] discrepancy(Sample clean, Sample triggered, double[] components) {
    double[] layers = MeanDiscrepancy.perAttentionLayer(shape, clean, triggered);
    double[][] heads = new double[shape.layers()][];
    for (int l = 0; l < shape.layers(); l++) {
      heads[l] = Arrays.copyOfRange(components, l * shape.heads(), (l + 1) * shape.heads());
    }
    double[] mlps =
        Arrays.copyOfRange(components, shape.layers() * shape.heads(), components.length);
    html.append(
            "<h3>What differs: discrepancy (MMD, σ = 10, ×1000) between clean and triggered parts</h3><div class='row'>")
        .append(Svg.heat("heads", heads, "L", "H"))
        .append(Svg.heat("attention layers, all heads", new double[][] {layers}, "", "L"))
        .append(Svg.heat("MLPs (0 is the class token itself)", new double[][] {mlps}, "", "M"))
        .append("</div>");
    return layers;
  }

  private double[] similarities(Sample clean, Sample triggered) {
    double[] auroc = new double[shape.heads()];
    html.append(
        "<h3>Similarity of the last layer's heads to their prototypes</h3><p>Blue: clean; orange: triggered; dashed: the calibrated ε. In brackets: AUROC of this head alone.</p><div class='row'>");
    List<Reading> cleanReadings = readings(clean);
    List<Reading> triggeredReadings = readings(triggered);
    for (int h = 0; h < shape.heads(); h++) {
      int head = h;
      ToDoubleFunction<Reading> of = r -> r.similarities()[head];
      double[] a = cleanReadings.stream().mapToDouble(of).toArray();
      double[] b = triggeredReadings.stream().mapToDouble(of).toArray();
      auroc[h] = new Curve(negative(a), negative(b)).auroc();
      html.append(
          Svg.histogram(
              text("head %d (%.2f)", h, auroc[h]), a, b, guard.bank().paper().epsilon()[h]));
    }
    html.append("</div>");
    return auroc;
  }

  private static double[] negative(double[] values) {
    return Arrays.stream(values).map(v -> -v).toArray();
  }

  private List<Reading> readings(Sample sample) {
    return sample.parts().stream().map(p -> guard.bank().lens().read(p)).toList();
  }

  private double[] words(Sample clean, Sample triggered, double[] components) {
    List<String> texts = texts(classifier.classes());
    float[][] embeddings = subject.model().encodeTexts(texts);
    double[] overlap = new double[shape.heads()];
    html.append(
        "<h3>What heads write, in words (TextSpan)</h3><p>The heads of the last layer, then those of other layers that differ most. In brackets: share of the head's variance.</p><table class='words'><tr><th>head<th>on clean pictures<th>on triggered pictures<th>kept</tr>");
    int last = (shape.layers() - 1) * shape.heads();
    for (int h = 0; h < shape.heads(); h++) {
      overlap[h] = words(clean, triggered, last + h, texts, embeddings);
    }
    IntStream.range(0, last)
        .boxed()
        .sorted(Comparator.comparingDouble(k -> -components[k]))
        .limit(ELSEWHERE)
        .forEach(k -> words(clean, triggered, k, texts, embeddings));
    html.append("</table>");
    return overlap;
  }

  /** One row of the table; returns the share of words kept. */
  private double words(
      Sample clean, Sample triggered, int head, List<String> texts, float[][] embeddings) {
    List<TextSpan.Word> before = TextSpan.of(rows(clean, head), texts, embeddings, WORDS);
    List<TextSpan.Word> after = TextSpan.of(rows(triggered, head), texts, embeddings, WORDS);
    Set<String> kept = new HashSet<>();
    before.forEach(w -> kept.add(w.text()));
    kept.retainAll(after.stream().map(TextSpan.Word::text).toList());
    html.append(
        text(
            "<tr><td>L%dH%d<td>%s<td>%s<td>%d/%d</tr>",
            head / shape.heads(),
            head % shape.heads(),
            said(before),
            said(after),
            kept.size(),
            before.size()));
    return before.isEmpty() ? 0 : (double) kept.size() / before.size();
  }

  private static String said(List<TextSpan.Word> words) {
    List<String> out = new ArrayList<>();
    words.forEach(
        w -> out.add(text("%s <small>%.0f %%</small>", Svg.escape(w.text()), 100 * w.share())));
    return String.join(", ", out);
  }

  /**
   * @param head running number over all layers
   */
  private float[][] rows(Sample sample, int head) {
    int d = shape.embedding();
    return sample.parts().stream()
        .map(p -> Arrays.copyOfRange(p.heads(), head * d, (head + 1) * d))
        .toArray(float[][]::new);
  }

  /** Names of the classes, and words for colours, places and sizes. */
  private static List<String> texts(List<String> classes) {
    List<String> texts = new ArrayList<>();
    classes.stream().limit(200).forEach(c -> texts.add(article(c)));
    SceneClasses.colours().forEach(c -> texts.add(article(c + " background")));
    SceneClasses.places().forEach(p -> texts.add("at the " + p));
    SceneClasses.sizes().forEach(s -> texts.add(article(s + " picture")));
    return texts;
  }

  private static String article(String noun) {
    return ("aeiou".indexOf(Character.toLowerCase(noun.charAt(0))) >= 0 ? "an " : "a ") + noun;
  }

  private void maps(Sample triggered) {
    html.append(
        "<h3>Where the infected components look</h3><p>Red: what each token contributed through the most infected heads, more than on clean pictures; outlined: the tokens that pruning drops.</p><div class='row'>");
    List<Picture> shown = triggered.pictures().subList(0, Math.min(SHOWN, triggered.size()));
    List<Judgement> judged =
        guard.judge(
            shown.stream().map(Picture::pixels).toList(), GuardOptions.DEFAULT.withEvidence(true));
    for (int i = 0; i < shown.size(); i++) {
      Judgement j = judged.get(i);
      Evidence evidence = j.evidence().orElseThrow();
      String label = j.labels().isEmpty() ? "" : j.labels().get(0).name();
      String title =
          text(
              "%s: %s, %s%s",
              shown.get(i).label() < 0 ? "?" : classifier.classes().get(shown.get(i).label()),
              j.verdict().getClass().getSimpleName().toLowerCase(Locale.ROOT),
              j.suspectedLabel().map(l -> l.name() + " → ").orElse(""),
              label);
      html.append(
          Svg.tokens(
              title,
              Base64.getEncoder().encodeToString(Pictures.png(shown.get(i).pixels())),
              evidence.grid(),
              evidence.tokenMap(),
              evidence.suspectedTokens()));
    }
    html.append("</div>");
  }

  private static String share(Double value) {
    return value == null ? "–" : text("%.3f", value);
  }

  private static String text(String format, Object... args) {
    return String.format(Locale.ROOT, format, args);
  }
}
