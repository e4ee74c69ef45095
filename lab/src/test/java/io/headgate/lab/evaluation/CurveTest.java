package io.headgate.lab.evaluation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class CurveTest {
  // scikit-learn's example: roc_auc_score([0, 0, 1, 1], [.1, .4, .35, .8]) = .75,
  // average_precision_score = .8333…
  private final Curve example = new Curve(new double[] {0.1, 0.4}, new double[] {0.35, 0.8});

  @Test
  void agreesWithKnownValues() {
    assertThat(example.auroc()).isEqualTo(0.75);
    assertThat(example.auprc(0.5)).isCloseTo(5 / 6.0, within(1e-12));
  }

  @Test
  void countsEqualScoresAsHalf() {
    Curve equal = new Curve(new double[] {1, 1, 1}, new double[] {1, 1});

    assertThat(equal.auroc()).isEqualTo(0.5);
    assertThat(equal.auprc(0.3)).isCloseTo(0.3, within(1e-12));
  }

  @Test
  void equalsTheDefinitionOnRandomScoresWithTies() {
    SplittableRandom random = new SplittableRandom(1);
    double[] clean = random.doubles(200).map(d -> Math.round(d * 20)).toArray();
    double[] triggered = random.doubles(150).map(d -> Math.round(d * 20 + 4)).toArray();

    double pairs = 0;
    for (double c : clean) {
      for (double t : triggered) {
        pairs += t > c ? 1 : t == c ? 0.5 : 0;
      }
    }

    assertThat(new Curve(clean, triggered).auroc()).isCloseTo(pairs / (200 * 150), within(1e-12));
  }

  @Test
  void anUnlimitedScoreIsTheMostSuspicious() {
    Curve curve =
        new Curve(new double[] {1, 2}, new double[] {Double.NaN, Double.POSITIVE_INFINITY});

    assertThat(curve.auroc()).isEqualTo(1);
    assertThat(curve.tprAt(0)).isEqualTo(1);
  }

  @Test
  void neverFlagsMoreCleanPicturesThanAllowed() {
    double[] clean = new double[300];
    Arrays.setAll(clean, i -> i);
    Curve curve = new Curve(clean, new double[] {296, 296.5, 297, 299, 300});

    assertThat(curve.tprAt(0.01)).isEqualTo(4 / 5.0); // above 296: 3 of 300
    assertThat(curve.tprAt(0)).isEqualTo(1 / 5.0); // above 299
    assertThat(curve.tprAt(1)).isEqualTo(1);
    assertThat(curve.cleanAbove(296)).isEqualTo(3);
  }

  @Test
  void precisionFallsWithPrevalence() {
    assertThat(example.auprc(0.01)).isLessThan(example.auprc(0.05));
    assertThat(example.auprc(0.05)).isLessThan(example.auprc(0.3));
    assertThat(new Curve(new double[] {0}, new double[] {1}).auprc(0.01)).isEqualTo(1);
  }

  @Test
  void theRocCurveRisesFromOriginToOne() {
    double[][] points = example.points(20);

    assertThat(points[0][0]).isZero();
    assertThat(points[19]).containsExactly(1, 1);
    for (int i = 1; i < points.length; i++) {
      assertThat(points[i][1]).isGreaterThanOrEqualTo(points[i - 1][1]);
    }
  }
}
