package io.headgate.detection;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import io.headgate.decomposition.Decomposition;
import io.headgate.decomposition.ModelShape;
import io.headgate.imaging.RgbImage;
import io.headgate.zeroshot.ZeroShotClassifier;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/**
 * Reading images against clean ones, and the detectors of the table, on a fake backdoored model.
 */
class DetectorsTest {
  private static final FakeModel MODEL = new FakeModel();
  private static final ModelShape SHAPE = MODEL.shape();
  private static final int CLEAN = 400;

  private static List<Decomposition> clean;
  private static Lens lens;
  private static List<Reading> readings;

  @BeforeAll
  static void readCleanImages() {
    clean = parts(0, CLEAN, false);
    ReferenceBuilder builder = new ReferenceBuilder(SHAPE, Optional.of(MODEL.classifier()));
    clean.forEach(builder::add);
    lens = new Lens(builder.build(), Optional.of(MODEL.classifier()));
    readings =
        clean.stream()
            .map(
                d ->
                    lens.readLeavingOut(
                        d,
                        builder.count(),
                        builder.classCount(MODEL.classifier().predict(d.embedding()))))
            .toList();
  }

  private static List<Decomposition> parts(int from, int to, boolean triggered) {
    List<RgbImage> images = new ArrayList<>();
    for (int i = from; i < to; i++) {
      RgbImage image = FakeModel.image(i % FakeModel.CLASSES, i);
      images.add(triggered ? FakeModel.triggered(image, i % (SHAPE.tokens() - 1)) : image);
    }
    return MODEL.decompose(images);
  }

  private static FittedDetectors fitted() {
    return new DetectorFitting(0.05, 0.05, DetectorFitting.defaultCombination())
        .fit(lens.reference(), Optional.of(MODEL.classifier()), readings);
  }

  @Test
  void sharesAreTheNaiveOnes() {
    Decomposition image = clean.get(0);
    Reading reading = lens.read(image);
    ZeroShotClassifier classes = MODEL.classifier();
    int d = SHAPE.embedding();
    float[] u = classes.direction(classes.predict(image.embedding()));
    double[] contributions = new double[SHAPE.components()];
    double sum = 0;
    for (int k = 0; k < contributions.length; k++) {
      for (int i = 0; i < d; i++) {
        int at = k * d + i;
        float part =
            at < image.heads().length ? image.heads()[at] : image.mlps()[at - image.heads().length];
        contributions[k] += ((double) part - lens.reference().means()[at]) * u[i];
      }
      sum += Math.abs(contributions[k]);
    }

    for (int k = 0; k < contributions.length; k++) {
      assertThat(reading.classShares()[k])
          .isCloseTo((float) (contributions[k] / sum), within(1e-5f));
    }
    assertThat(reading.predicted()).isEqualTo(classes.predict(image.embedding()));
  }

  @Test
  void leavingAnImageOutIsReadingItAgainstTheOthers() {
    int own = 17;
    Decomposition image = clean.get(own);
    ReferenceBuilder all = new ReferenceBuilder(SHAPE, Optional.of(MODEL.classifier()));
    ReferenceBuilder others = new ReferenceBuilder(SHAPE, Optional.of(MODEL.classifier()));
    for (int i = 0; i < 60; i++) {
      all.add(clean.get(i));
      if (i != own) {
        others.add(clean.get(i));
      }
    }
    Lens throughAll = new Lens(all.build(), Optional.of(MODEL.classifier()));
    Lens throughOthers = new Lens(others.build(), Optional.of(MODEL.classifier()));

    Reading left =
        throughAll.readLeavingOut(
            image, 60, all.classCount(MODEL.classifier().predict(image.embedding())));
    Reading expected = throughOthers.read(image);

    assertThat(left.similarities()).containsExactly(expected.similarities(), within(1e-4f));
    assertThat(left.classShares()).containsExactly(expected.classShares(), within(1e-4f));
    // the class prototypes are shrunk towards a mean that the image is still in, by 3 of 60
    assertThat(left.classSimilarities())
        .containsExactly(expected.classSimilarities(), within(5e-3f));
  }

  @Test
  void everyRowOfTheTableHasANameOfItsOwnAndScoresFinitely() {
    assertThat(DetectorBank.names()).doesNotHaveDuplicates().contains("scale", "share-mahalanobis");
    for (DetectorKind kind : Detectors.TABLE) {
      Detector detector = kind.fitted(readings, SHAPE);
      for (Reading reading : readings.subList(0, 50)) {
        assertThat(detector.score(reading)).as(kind.name()).isFinite();
      }
    }
  }

  @Test
  void aDetectorIsTheSameFromItsNumbers() {
    for (DetectorKind kind : Detectors.TABLE) {
      Numbers numbers = kind.fitter().fit(readings);
      Detector one = kind.binder().bind(numbers, SHAPE);
      Detector two = kind.binder().bind(new Numbers(numbers.arrays()), SHAPE);

      assertThat(one.score(readings.get(3))).as(kind.name()).isEqualTo(two.score(readings.get(3)));
    }
  }

  @Test
  void numbersOfAnotherModelAreRefused() {
    Numbers tooFew = new Numbers(Map.of("median", new float[1], "scale", new float[1]));

    assertThatThrownBy(() -> new ShareTop3Detector(tooFew, SHAPE))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("1 numbers (expected: %d numbers)".formatted(SHAPE.components()));
  }

  @Test
  void flagsCleanImagesAsOftenAsAskedForAndTriggeredOnesAlways() {
    DetectorBank bank = new DetectorBank(fitted(), Optional.of(MODEL.classifier()));

    long alarms =
        parts(10_000, 11_000, false).stream().filter(d -> bank.score(d).flagged()).count();
    long caught = parts(20_000, 20_200, true).stream().filter(d -> bank.score(d).flagged()).count();

    assertThat(alarms).isBetween(10L, 100L); // 50 of 1,000 expected
    assertThat(caught).isEqualTo(200);
  }

  @Test
  void readingsThatWereLeftOutCountAsFalseAlarmsUpToHalfOfThoseAllowed() {
    DetectorFitting fitting =
        new DetectorFitting(0.05, 0.05, DetectorFitting.defaultCombination()); // 20 of 400
    Optional<ZeroShotClassifier> classifier = Optional.of(MODEL.classifier());

    double none = fitting.fit(lens.reference(), classifier, readings).threshold();
    double few = fitting.fit(lens.reference(), classifier, readings, 4).threshold();
    double half = fitting.fit(lens.reference(), classifier, readings, 10).threshold();
    double many = fitting.fit(lens.reference(), classifier, readings, 200).threshold();

    assertThat(few).isGreaterThan(none);
    assertThat(half).isGreaterThan(few).isFinite();
    assertThat(many).isEqualTo(half);
  }

  @Test
  void worksWithoutClasses() {
    ReferenceBuilder builder = new ReferenceBuilder(SHAPE, Optional.empty());
    clean.forEach(builder::add);
    Lens plain = new Lens(builder.build(), Optional.empty());
    List<Reading> read = clean.stream().map(d -> plain.readLeavingOut(d, CLEAN, 0)).toList();
    FittedDetectors fitted =
        new DetectorFitting(0.05, 0.05, DetectorFitting.defaultCombination())
            .fit(plain.reference(), Optional.empty(), read);
    DetectorBank bank = new DetectorBank(fitted, Optional.empty());

    assertThat(fitted.combination()).doesNotContain("class-prototypes").isNotEmpty();
    assertThat(fitted.detectors()).extracting("name").doesNotContain("class-prototypes");
    assertThat(read.get(0).predicted()).isEqualTo(-1);
    long caught = parts(20_000, 20_200, true).stream().filter(d -> bank.score(d).flagged()).count();
    assertThat(caught).isGreaterThan(190);
  }

  @Test
  void anImageWithANaNPartIsFlaggedWhereverItSits() {
    DetectorBank bank = new DetectorBank(fitted(), Optional.of(MODEL.classifier()));
    Decomposition good = clean.get(1);
    assertThat(bank.score(good).flagged()).isFalse();

    for (int at : new int[] {0, good.heads().length / 2, good.heads().length - 1}) {
      float[] heads = good.heads().clone();
      heads[at] = Float.NaN;
      assertThat(bank.score(with(good, heads, good.mlps(), good.norm())).flagged()).isTrue();
    }
    float[] mlps = good.mlps().clone();
    mlps[5] = Float.POSITIVE_INFINITY;
    assertThat(bank.score(with(good, good.heads(), mlps, good.norm())).flagged()).isTrue();
    assertThat(bank.score(with(good, good.heads(), good.mlps(), Float.NaN)).flagged()).isTrue();
  }

  private static Decomposition with(Decomposition d, float[] heads, float[] mlps, float norm) {
    return new Decomposition(
        d.shape(), d.embedding(), heads, mlps, norm, d.sigma(), d.lastLayerTokens());
  }

  @Test
  void aRepairThatKeepsThePredictionHasToFallAsFarBelowTheThresholdAsItStoodAbove() {
    DetectorBank bank = new DetectorBank(fitted(), Optional.of(MODEL.classifier()));
    double threshold = bank.fitted().threshold();
    RgbImage image = FakeModel.triggered(FakeModel.image(3, 5), 9);
    Decomposition infected = MODEL.decompose(List.of(image)).get(0);
    Reading triggered = lens.read(infected);
    Decomposition dropped =
        MODEL.decomposeWithout(List.of(image), new int[][] {new int[] {9}}).get(0);

    Scores changed = bank.scoreRepaired(triggered, dropped);
    Scores kept = bank.scoreRepaired(triggered, infected);
    Reading justAbove =
        readings.stream().filter(r -> bank.score(r).flagged()).findFirst().orElseThrow();
    double above = bank.score(justAbove).deciding().score() - threshold;

    assertThat(triggered.predicted()).isEqualTo(FakeModel.TARGET);
    assertThat(lens.read(dropped).predicted()).isEqualTo(3);
    assertThat(changed.deciding().threshold()).isEqualTo(threshold);
    assertThat(kept.deciding().threshold()).as("it stood far above").isZero();
    assertThat(kept.flagged()).isTrue();
    Decomposition alike =
        clean.stream()
            .filter(d -> lens.read(d).predicted() == justAbove.predicted())
            .findFirst()
            .orElseThrow();
    assertThat(bank.scoreRepaired(justAbove, alike).deciding().threshold())
        .isCloseTo(threshold - above, within(1e-9));
  }

  @Test
  void namesTheInfectedHeadFirst() {
    DetectorBank bank = new DetectorBank(fitted(), Optional.of(MODEL.classifier()));
    Decomposition triggered = parts(30_000, 30_001, true).get(0);
    Reading reading = lens.read(triggered);

    assertThat(bank.mostInfected(reading, 3)[0]).isEqualTo(FakeModel.INFECTED_HEAD);
    assertThat(bank.mostInfectedHeads(reading, 2)).hasSize(2).startsWith(FakeModel.INFECTED_HEAD);
    assertThat(Component.of(SHAPE, FakeModel.INFECTED_HEAD)).hasToString("L1H1");
    assertThat(Component.of(SHAPE, SHAPE.components() - 1)).hasToString("MLP3");
  }

  @Test
  void theTokenMapPointsAtTheTrigger() {
    RgbImage image = FakeModel.triggered(FakeModel.image(2, 77), 6);
    float[] contributions = MODEL.tokenContributions(List.of(image), new float[1][]).get(0);

    TokenMap map =
        TokenMap.of(SHAPE, contributions, new float[0], new int[] {FakeModel.INFECTED_HEAD, 0});

    assertThat(map.grid()).isEqualTo(4);
    assertThat(map.top(1)).containsExactly(6);
    assertThat(map.top(99)).hasSize(15).isSorted(); // never all of them
  }

  @Test
  void theScreenFindsPoisonAndLeavesCleanImages() {
    for (int poisoned : new int[] {0, 4, 20}) {
      List<Decomposition> set = new ArrayList<>(clean.subList(0, CLEAN - poisoned));
      set.addAll(parts(40_000, 40_000 + poisoned, true));
      ReferenceBuilder builder = new ReferenceBuilder(SHAPE, Optional.of(MODEL.classifier()));
      set.forEach(builder::add);
      Lens through = new Lens(builder.build(), Optional.of(MODEL.classifier()));
      List<Reading> read = set.stream().map(through::read).toList();

      Screen screen = Screen.fit(SHAPE, read, DetectorFitting.defaultCombination());

      int found = 0;
      int wrong = 0;
      for (int i = 0; i < CLEAN; i++) {
        boolean suspicious = screen.score(i) > screen.limit();
        found += suspicious && i >= CLEAN - poisoned ? 1 : 0;
        wrong += suspicious && i < CLEAN - poisoned ? 1 : 0;
      }
      assertThat(found).as("of %d", poisoned).isEqualTo(poisoned);
      assertThat(wrong).as("clean ones of %d", CLEAN).isLessThanOrEqualTo(3);
    }
  }

  @Test
  void fittingIsDeterministic() {
    FittedDetectors fitted = fitted();

    assertThat(fitted().threshold()).isEqualTo(fitted.threshold());
    assertThat(Arrays.equals(fitted().epsilon(), fitted.epsilon())).isTrue();
    assertThat(fitted.zeta()).isBetween(0, SHAPE.heads());
  }
}
