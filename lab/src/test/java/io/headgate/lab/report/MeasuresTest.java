package io.headgate.lab.report;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.headgate.decomposition.Decomposition;
import io.headgate.decomposition.ModelShape;
import io.headgate.imaging.RgbImage;
import io.headgate.lab.evaluation.Picture;
import io.headgate.lab.report.Ablation.Kind;
import io.headgate.lab.report.Ablation.Order;
import io.headgate.zeroshot.ZeroShotClassifier;
import java.util.List;
import org.junit.jupiter.api.Test;

class MeasuresTest {
  private static final ModelShape SHAPE = new ModelShape(8, 8, 2, 1, 4, 2);
  private static final ZeroShotClassifier CLASSES =
      new ZeroShotClassifier(List.of("target", "other"), new float[][] {{1, 0}, {0, 1}}, 10);

  /** One picture whose parts are given as first numbers; second numbers are all zero but x⁰'s. */
  private static Sample sample(int label, float head0, float head1, float mlp1, float own) {
    float[] heads = {head0, 0, head1, 0};
    float[] mlps = {0, own, mlp1, 0, 0, 0};
    float[] embedding = {head0 + head1 + mlp1, own};
    return new Sample(
        List.of(new Picture("p", new RgbImage(8, 8, new byte[192]), label)),
        List.of(new Decomposition(SHAPE, embedding, heads, mlps, 1, 1, new float[2])));
  }

  @Test
  void ablationFindsTheLayerThatABackdoorNeeds() {
    Sample clean = sample(1, 0, 0, 0, 0.5f);
    Sample triggered = sample(1, 0, 0.9f, 0, 0.4f);
    Ablation ablation = new Ablation(SHAPE, new float[5 * 2], CLASSES, 0);

    List<Ablation.Result> results = ablation.run(clean, triggered);

    assertThat(find(results, Kind.HEADS, Order.SEPARATE).asr()).containsExactly(1, 0);
    assertThat(find(results, Kind.HEADS, Order.FORWARD).asr()).containsExactly(1, 0);
    assertThat(find(results, Kind.HEADS, Order.BACKWARD).asr()).containsExactly(0, 0);
    assertThat(find(results, Kind.MLPS, Order.BACKWARD).asr()).containsExactly(1, 1);
    assertThat(find(results, Kind.BOTH, Order.SEPARATE).accuracy()).containsExactly(1, 1);
  }

  @Test
  void ablationPutsTheCleanMeanInPlace() {
    Sample triggered = sample(1, 0, 0.9f, 0, 0.4f);
    float[] means = new float[5 * 2];
    means[2] = 0.8f; // the clean mean of the second layer's head points to the target too

    double asr =
        new Ablation(SHAPE, means, CLASSES, 0).attackSuccess(triggered, Kind.HEADS, l -> l == 1);

    assertThat(asr).isEqualTo(1);
  }

  private static Ablation.Result find(List<Ablation.Result> results, Kind kind, Order order) {
    return results.stream()
        .filter(r -> r.kind() == kind && r.order() == order)
        .findFirst()
        .orElseThrow();
  }

  @Test
  void discrepancyIsZeroForEqualSamplesAndMatchesTheKernelByHand() {
    float[][] x = {{1, 2}, {3, 4}};

    assertThat(MeanDiscrepancy.of(x, x)).isCloseTo(0, within(1e-12));
    // k(0, 10) = exp(-100/200); MMD² = 1 + 1 − 2k
    assertThat(MeanDiscrepancy.of(new float[][] {{0}}, new float[][] {{10}}))
        .isCloseTo(1000 * (2 - 2 * Math.exp(-0.5)), within(1e-9));
  }

  @Test
  void textSpanNamesTheDirectionsInTheOrderOfTheirVariance() {
    float[][] parts = {{3, 0, 1}, {-3, 0, -1}, {3, 0, -1}, {-3, 0, 1}};
    float[][] directions = {{0, 1, 0}, {0, 0, 1}, {1, 0, 0}, {2, 0, 0}};
    // centring the texts must not decide: add their negatives
    float[][] balanced = new float[8][];
    for (int i = 0; i < 4; i++) {
      balanced[i] = directions[i];
      balanced[i + 4] = new float[] {-directions[i][0], -directions[i][1], -directions[i][2]};
    }

    List<TextSpan.Word> words =
        TextSpan.of(parts, List.of("y", "z", "x", "x2", "-y", "-z", "-x", "-x2"), balanced, 2);

    assertThat(words).extracting(TextSpan.Word::text).containsExactly("x", "z");
    assertThat(words.get(0).share()).isCloseTo(0.9, within(1e-9));
    assertThat(words.get(1).share()).isCloseTo(0.1, within(1e-9));
  }

  @Test
  void judgesTheFindingsByTheirNumbers() {
    Facts asThePaperSays =
        new Facts(
            "badnet8",
            true,
            0.95,
            0.1,
            0.9,
            new double[] {0.9, 0.2},
            new double[] {0.9, 0.8},
            new double[] {1, 5},
            new double[] {0.95, 0.5},
            new double[] {0, 0.8});
    Facts otherwise =
        new Facts(
            "blended",
            false,
            0.95,
            0.9,
            0.94,
            new double[] {0.5, 0.95},
            new double[] {0.9, 0.95},
            new double[] {5, 1},
            new double[] {0.95, 0.99},
            new double[] {0, 0});

    assertThat(Findings.of(List.of(asThePaperSays)))
        .extracting(Findings.Finding::verdict)
        .containsOnly("holds here");
    assertThat(Findings.of(List.of(otherwise)))
        .extracting(Findings.Finding::verdict)
        .containsOnly("does not hold here");
    assertThat(Findings.of(List.of(asThePaperSays, otherwise)))
        .extracting(Findings.Finding::verdict)
        .containsOnly("holds here for 1 of 2 attacks");
  }
}
