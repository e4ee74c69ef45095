package io.headgate.detection;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import io.headgate.decomposition.Decomposition;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;

class ClassOffsetsTest {
  private static final FakeModel MODEL = new FakeModel();

  @Test
  void isTheClassesMedianShrunkByOneOrdinaryImage() {
    double[] ranks = {-1, 0, 1, 2, 1.5, 1};
    int[] predicted = {0, 0, 0, 1, 1, 1};

    float[] offsets = ClassOffsets.fit(ranks, predicted, 3);

    assertThat(offsets[0]).isZero();
    assertThat(offsets[1]).isCloseTo((float) (1.5 * 3 / 4), within(1e-6f));
    assertThat(offsets[2]).as("a class without images").isZero();
  }

  @Test
  void neverHelpsTowardsSuspicion() {
    float[] offsets = ClassOffsets.fit(new double[] {-3, -2, -2}, new int[] {0, 0, 0}, 1);

    assertThat(offsets).containsExactly(0);
  }

  @Test
  void isBoundedSoThatPoisonCannotExcuseItsLike() {
    double[] ranks = new double[50];
    Arrays.fill(ranks, 11);

    float[] offsets = ClassOffsets.fit(ranks, new int[50], 1);

    assertThat(offsets[0]).isEqualTo(2.5f);
  }

  @Test
  void isNothingWithoutClasses() {
    assertThat(ClassOffsets.of(new float[0], -1)).isZero();
    assertThat(ClassOffsets.of(new float[] {1}, -1)).isZero();
    assertThat(ClassOffsets.of(new float[] {1}, 0)).isEqualTo(1);
  }

  @Test
  void aClassThatStandsOutIsFlaggedNoMoreOftenThanOthers() {
    List<Reading> readings = readings(0, 1200);

    FittedDetectors fitted =
        new DetectorFitting(0.02, 0.05, List.of("scale"))
            .fit(reference(), Optional.of(MODEL.classifier()), readings);

    DetectorBank bank = new DetectorBank(fitted, Optional.of(MODEL.classifier()));
    int loud = 0;
    int others = 0;
    for (Reading reading : readings(1200, 3600)) {
      boolean flagged = bank.score(reading).flagged();
      loud += flagged && reading.predicted() == FakeModel.TARGET ? 1 : 0;
      others += flagged && reading.predicted() != FakeModel.TARGET ? 1 : 0;
    }
    // one of six classes, 400 of 2,400 images; without offsets it would have all the false alarms
    assertThat(others).isPositive();
    assertThat(loud / 400.0).isLessThanOrEqualTo(3 * others / 2000.0);
  }

  private static Reference reference() {
    ReferenceBuilder builder = new ReferenceBuilder(MODEL.shape(), Optional.of(MODEL.classifier()));
    builder.add(MODEL.decompose(List.of(FakeModel.image(0, 1))).get(0));
    return builder.build();
  }

  /** Readings whose scale is normal, and two standard deviations up for the target class. */
  private static List<Reading> readings(int from, int to) {
    Decomposition any = MODEL.decompose(List.of(FakeModel.image(0, 1))).get(0);
    Reading like = new Lens(reference(), Optional.of(MODEL.classifier())).read(any);
    List<Reading> readings = new ArrayList<>();
    for (int i = from; i < to; i++) {
      int predicted = i % FakeModel.CLASSES;
      double scale = new Random(i).nextGaussian() + (predicted == FakeModel.TARGET ? 2 : 0);
      readings.add(
          new Reading(
              predicted,
              like.classShares(),
              like.selfShares(),
              like.similarities(),
              like.classSimilarities(),
              (float) scale,
              like.tokenConcentration(),
              like.embedding()));
    }
    return readings;
  }
}
