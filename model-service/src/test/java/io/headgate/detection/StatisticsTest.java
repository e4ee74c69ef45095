package io.headgate.detection;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Bounds, ranks, thresholds, robust location and scale, whitening, drift. */
class StatisticsTest {
  private static double[] gaussian(int n, double shift, long seed) {
    Random random = new Random(seed);
    double[] values = new double[n];
    for (int i = 0; i < n; i++) {
      values[i] = shift + random.nextGaussian();
    }
    return values;
  }

  private static float[] floats(double[] values) {
    float[] narrow = new float[values.length];
    for (int i = 0; i < narrow.length; i++) {
      narrow[i] = (float) values[i];
    }
    return narrow;
  }

  // expected values from exact binomial sums
  @ParameterizedTest
  @CsvSource({
    "0, 299, 0.95, 0.009969", "0, 300, 0.95, 0.009936", "3, 300, 0.95, 0.025641",
    "10, 100, 0.95, 0.163718", "5, 10, 0.99, 0.849557", "10, 10, 0.95, 1"
  })
  void boundsARateByClopperAndPearson(long events, long trials, double level, double upper) {
    assertThat(BinomialBound.upper(events, trials, level)).isCloseTo(upper, within(2e-5));
    assertThat(BinomialBound.lower(trials - events, trials, level))
        .isCloseTo(1 - upper, within(2e-5));
  }

  @Test
  void quantilesAreThoseOfTheSortedValues() {
    Random random = new Random(3);
    for (int n = 1; n < 200; n++) {
      float[] values = new float[n];
      for (int i = 0; i < n; i++) {
        values[i] = random.nextInt(1 + n / 2); // many ties
      }
      float[] sorted = values.clone();
      Arrays.sort(sorted);
      for (double p : new double[] {0, 0.05, 0.5, 0.75, 1}) {
        assertThat(Robust.quantile(values, p))
            .as("n %d, p %s", n, p)
            .isEqualTo(Robust.quantileOfSorted(sorted, p));
      }
    }
  }

  @Test
  void theUpperBoundCoversAsOftenAsItSays() {
    Random random = new Random(3);
    int covered = 0;
    for (int run = 0; run < 2000; run++) {
      int events = 0;
      for (int i = 0; i < 200; i++) {
        events += random.nextDouble() < 0.03 ? 1 : 0;
      }
      covered += BinomialBound.upper(events, 200, 0.9) >= 0.03 ? 1 : 0;
    }

    assertThat(covered / 2000.0).isBetween(0.9, 0.97); // exact bounds are conservative
  }

  @ParameterizedTest
  @CsvSource({"0.01, 0.95, 299", "0.05, 0.95, 59", "0.01, 0.99, 459", "0.001, 0.95, 2995"})
  void countsTheImagesThatARateNeeds(double rate, double confidence, long images) {
    assertThat(BinomialBound.fewestTrials(rate, confidence)).isEqualTo(images);
    assertThat(BinomialBound.upper(0, images, confidence)).isLessThanOrEqualTo(rate);
    assertThat(BinomialBound.upper(0, images - 1, confidence)).isGreaterThan(rate);
  }

  @ParameterizedTest
  @ValueSource(doubles = {0, 1, -0.1, 1.5, Double.NaN})
  void refusesRatesThatAreNone(double rate) {
    assertThatThrownBy(() -> BinomialBound.fewestTrials(rate, 0.95))
        .hasMessageContaining("between 0 and 1");
    assertThatThrownBy(() -> BinomialBound.upper(1, 10, rate))
        .hasMessageContaining("between 0 and 1");
  }

  @Test
  void excessIsTheChanceOfSoManyFalseAlarmsByLuck() {
    // Monte Carlo of the whole procedure: threshold from 200 scores, alarms among 100 others
    Random random = new Random(11);
    int runs = 20_000;
    int atLeastFour = 0;
    for (int run = 0; run < runs; run++) {
      double[] fit = new double[200];
      for (int i = 0; i < fit.length; i++) {
        fit[i] = random.nextDouble();
      }
      double threshold = DetectorFitting.threshold(fit, 0.02);
      int alarms = 0;
      for (int i = 0; i < 100; i++) {
        alarms += random.nextDouble() > threshold ? 1 : 0;
      }
      atLeastFour += alarms >= 4 ? 1 : 0;
    }

    assertThat(BinomialBound.excess(4, 100, 200, 0.02))
        .isCloseTo(atLeastFour / (double) runs, within(0.01));
    assertThat(BinomialBound.excess(0, 100, 200, 0.02)).isEqualTo(1);
    assertThat(BinomialBound.excess(30, 100, 200, 0.02)).isLessThan(1e-6);
  }

  @Test
  void theConformalThresholdIsExceededAsOftenAsAskedFor() {
    double exceeded = 0;
    for (int run = 0; run < 300; run++) {
      double threshold = DetectorFitting.threshold(gaussian(400, 0, run), 0.05);
      exceeded += 0.5 * erfc(threshold / Math.sqrt(2)) / 300;
    }

    assertThat(exceeded).isBetween(0.046, 0.0505);
    assertThat(DetectorFitting.threshold(new double[98], 0.01)).isInfinite();
    assertThat(DetectorFitting.threshold(new double[99], 0.01)).isZero();
  }

  /** Abramowitz and Stegun 7.1.26. */
  private static double erfc(double x) {
    double t = 1 / (1 + 0.3275911 * x);
    double p = -1.453152027 + 1.061405429 * t;
    p = 1.421413741 + t * p;
    p = -0.284496736 + t * p;
    p = 0.254829592 + t * p;
    return t * p * Math.exp(-x * x);
  }

  @ParameterizedTest
  @CsvSource({"0.5, 0", "0.975, 1.959964", "0.99, 2.326348", "0.001, -3.090232"})
  void knowsTheNormalQuantiles(double p, double z) {
    assertThat(Normal.quantile(p)).isCloseTo(z, within(1e-6));
  }

  @Test
  void ranksGaussianScoresAsTheyAre() {
    Ranks ranks = Ranks.of(floats(gaussian(20_000, 0, 5)));

    for (double z = -2; z <= 2.5; z += 0.5) {
      assertThat(ranks.gaussian(z)).isCloseTo(z, within(0.1));
    }
    assertThat(ranks.gaussian(50)).isGreaterThan(ranks.gaussian(10));
    assertThat(ranks.gaussian(10)).isGreaterThan(ranks.gaussian(5));
    assertThat(ranks.gaussian(Double.NaN)).isGreaterThan(ranks.gaussian(50) - 1e-9);
  }

  @Test
  void ranksAreTheSameFromTheirNumbers() {
    Ranks ranks = Ranks.of(floats(gaussian(5000, 0, 6)));
    Ranks again = Ranks.of(ranks.knots(), ranks.tail());

    for (double z = -6; z < 9; z += 0.01) {
      assertThat(again.gaussian(z)).isCloseTo(ranks.gaussian(z), within(1e-5));
    }
  }

  @Test
  void aTenthOfPoisonMovesMedianAndScaleLittle() {
    float[] clean = floats(gaussian(1000, 0, 7));
    float[] poisoned = clean.clone();
    Arrays.fill(poisoned, 0, 100, 1000f);

    float median = Robust.median(poisoned);
    assertThat(median).isCloseTo(Robust.median(clean), within(0.2f));
    assertThat(Robust.scale(poisoned, median))
        .isCloseTo(Robust.scale(clean, Robust.median(clean)), within(0.25f));
    assertThat(Robust.scale(clean, Robust.median(clean))).isCloseTo(1, within(0.1f));
  }

  @Test
  void identicalValuesHaveAScaleThatCanBeDividedBy() {
    assertThat(Robust.scale(new float[] {3, 3, 3}, 3)).isPositive();
    assertThat(Robust.scale(new float[] {0, 0, 0}, 0)).isPositive();
  }

  @Test
  void whitensAsTheInverseOfTheShrunkCovariance() {
    Random random = new Random(8);
    int p = 6;
    List<float[]> rows = new ArrayList<>();
    for (int i = 0; i < 40; i++) {
      float[] row = new float[p];
      float shared = (float) random.nextGaussian();
      for (int k = 0; k < p; k++) {
        row[k] = shared + (k + 1) * (float) random.nextGaussian();
      }
      rows.add(row);
    }
    double[] covariance = Whitening.shrunk(rows, p);
    float[] whitening = Whitening.fit(rows);

    for (float[] x : rows) {
      double[] solved = solve(covariance, x, p);
      double expected = 0;
      for (int k = 0; k < p; k++) {
        expected += x[k] * solved[k];
      }
      assertThat(Whitening.squaredDistance(whitening, x))
          .isCloseTo(expected, within(1e-4 * expected));
    }
  }

  /** Gaussian elimination without pivoting: the matrix is positive definite. */
  private static double[] solve(double[] matrix, float[] right, int p) {
    double[] m = matrix.clone();
    double[] x = new double[p];
    for (int i = 0; i < p; i++) {
      x[i] = right[i];
    }
    for (int i = 0; i < p; i++) {
      for (int j = i + 1; j < p; j++) {
        double factor = m[j * p + i] / m[i * p + i];
        for (int k = i; k < p; k++) {
          m[j * p + k] -= factor * m[i * p + k];
        }
        x[j] -= factor * x[i];
      }
    }
    for (int i = p - 1; i >= 0; i--) {
      for (int k = i + 1; k < p; k++) {
        x[i] -= m[i * p + k] * x[k];
      }
      x[i] /= m[i * p + i];
    }
    return x;
  }

  @Test
  void shrinksASmallSampleTowardsTheIdentity() {
    List<float[]> few = new ArrayList<>();
    Random random = new Random(9);
    for (int i = 0; i < 5; i++) {
      float[] row = new float[20];
      for (int k = 0; k < row.length; k++) {
        row[k] = (float) random.nextGaussian();
      }
      few.add(row);
    }

    double[] shrunk = Whitening.shrunk(few, 20);

    double offDiagonal = 0;
    for (int a = 0; a < 20; a++) {
      assertThat(shrunk[a * 20 + a]).isBetween(0.3, 3.0);
      for (int b = 0; b < a; b++) {
        offDiagonal = Math.max(offDiagonal, Math.abs(shrunk[a * 20 + b]));
      }
    }
    assertThat(offDiagonal).isLessThan(0.7); // the sample's own reaches well beyond
    assertThat(Whitening.fit(few)).doesNotContain(Float.NaN);
  }

  @Test
  void seesNoDriftInScoresOfTheSameKind() {
    int drifted = 0;
    for (int run = 0; run < 400; run++) {
      Drift drift =
          Drift.of("d", sorted(gaussian(500, 0, 2L * run)), 500, gaussian(300, 0, 2L * run + 1));
      drifted += drift.pValue() < 0.05 ? 1 : 0;
    }

    assertThat(drifted / 400.0).isBetween(0.02, 0.09);
  }

  @Test
  void seesAShift() {
    Drift drift = Drift.of("d", sorted(gaussian(700, 0, 1)), 700, gaussian(200, 0.6, 2));

    assertThat(drift.pValue()).isLessThan(1e-6);
    assertThat(drift.distance()).isBetween(0.15, 0.35);
    assertThat(Drift.of("d", new float[] {1, 2, 3}, 3, new double[] {9, 9, 9}).distance())
        .isEqualTo(1);
  }

  private static float[] sorted(double[] values) {
    float[] sorted = floats(values);
    Arrays.sort(sorted);
    return sorted;
  }
}
