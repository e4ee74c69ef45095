package io.headgate.calibration;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.headgate.calibration.CalibrationException.Code;
import io.headgate.decomposition.Decomposition;
import io.headgate.detection.FakeModel;
import io.headgate.imaging.RgbImage;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class CalibratorTest {
  @TempDir private Path folder;

  @Test
  void statesTheRateMeasuredOnHeldOutImages() {
    Calibration calibration = Fakes.calibration(600);

    Measured measured = calibration.measured();
    assertThat(measured.images()).isEqualTo(180);
    assertThat(measured.flagged()).isLessThan(25);
    assertThat(measured.flagRateUpper()).isBetween(measured.flagRate(), 0.2);
    assertThat(measured.confidence()).isEqualTo(0.9);
    CalibrationImages images = calibration.content().images();
    assertThat(images.total()).isEqualTo(600);
    assertThat(images.fitted() + images.leftOut() + images.heldOut()).isEqualTo(600);
    assertThat(images.manifest()).hasSize(600 * 32);
    assertThat(images.classesSeen()).isEqualTo(FakeModel.CLASSES);
  }

  // 1 % at 95 %: 299 without a false alarm, and as many to fit on as their share implies
  @ParameterizedTest
  @CsvSource({"0.01, 0.95, 299, 997", "0.05, 0.9, 45, 150", "0.001, 0.95, 2995, 9984"})
  void refusesTooFewImagesAndSaysHowManyAreNeeded(
      double rate, double confidence, long heldOut, long needed) {
    CalibrationSettings settings = CalibrationSettings.defaults().withTarget(rate, confidence);

    assertThatThrownBy(
            () -> Fakes.calibrator(settings, Stages.of(needed - 1, settings, Fakes.MODEL.shape())))
        .isInstanceOfSatisfying(
            CalibrationException.class, e -> assertThat(e.code()).isEqualTo(Code.TOO_FEW_IMAGES))
        .hasMessageContaining("offered: " + (needed - 1))
        .hasMessageContaining("at least " + needed)
        .hasMessageContaining(heldOut + " held out");
    Fakes.calibrator(settings, Stages.of(needed, settings, Fakes.MODEL.shape()));
  }

  @Test
  void theFewestImagesAreEnough() {
    Calibration calibration = Fakes.calibration(150);

    assertThat(calibration.measured().images()).isEqualTo(45);
    assertThat(calibration.detectors().threshold()).isFinite();
  }

  @Test
  void countsAndNamesWhatCouldNotBeRead() {
    Calibrator calibrator = Fakes.calibrator(300);
    Fakes.feed(calibrator, Fakes.clean(0, 150));
    for (int i = 0; i < 10; i++) {
      calibrator.skip("broken" + i, "no image");
    }
    Fakes.feed(calibrator, Fakes.clean(150, 290));

    CalibrationImages images =
        calibrator.finish(Instant.EPOCH, Optional.empty()).content().images();

    assertThat(images.skippedCount()).isEqualTo(10);
    assertThat(images.skipped()).hasSize(10).contains("broken3: no image");
    assertThat(images.total()).isEqualTo(290);
  }

  @Test
  void refusesWhenTooManyCouldNotBeRead() {
    Calibrator calibrator = Fakes.calibrator(160);
    Fakes.feed(calibrator, Fakes.clean(0, 100));
    for (int i = 0; i < 60; i++) {
      calibrator.skip("broken" + i, "no image");
    }

    assertThatThrownBy(() -> calibrator.finish(Instant.EPOCH, Optional.empty()))
        .hasMessageContaining("usable: 100 (60 of 160 skipped")
        .hasMessageContaining("60 unreadable; the first: broken0: no image")
        .hasMessageContaining("at least 150");
  }

  @Test
  void identicalImagesCountOnce() {
    Calibrator calibrator = Fakes.calibrator(200);
    RgbImage same = FakeModel.image(1, 1);
    List<CleanImage> copies = new ArrayList<>();
    for (int i = 0; i < 200; i++) {
      copies.add(Fakes.image(i, same)); // other bytes, the same pixels
    }
    Fakes.feed(calibrator, copies);

    assertThatThrownBy(() -> calibrator.finish(Instant.EPOCH, Optional.empty()))
        .isInstanceOf(CalibrationException.class)
        .hasMessageContaining("199")
        .hasMessageContaining("1 usable");
  }

  @Test
  void imagesOfOneClassCalibrateAndTheCountSaysSo() {
    Calibrator calibrator = Fakes.calibrator(300);
    List<CleanImage> images = new ArrayList<>();
    for (int i = 0; i < 300; i++) {
      images.add(Fakes.image(i, FakeModel.image(4, i)));
    }
    Fakes.feed(calibrator, images);

    Calibration calibration = calibrator.finish(Instant.EPOCH, Optional.empty());

    assertThat(calibration.content().images().classesSeen()).isEqualTo(1);
    assertThat(calibration.detectors().threshold()).isFinite();
  }

  @Test
  void scoresThatTheBatchCanChangeAreBorderline() {
    Calibration exact = Fakes.calibration(300);
    FakeModel rounding =
        new FakeModel() {
          @Override
          public List<Decomposition> decompose(List<RgbImage> images) {
            List<Decomposition> parts = super.decompose(images);
            return images.size() > 1 ? parts : parts.stream().map(CalibratorTest::rounded).toList();
          }
        };
    Calibrator calibrator =
        new Calibrator(
            rounding,
            Optional.of(rounding.classifier()),
            "test",
            Fakes.SETTINGS,
            300,
            Fakes.guards(Optional.of(rounding.classifier())));
    Fakes.feed(calibrator, Fakes.clean(0, 300));

    Calibration rounded = calibrator.finish(Instant.EPOCH, Optional.empty());

    assertThat(exact.detectors().margin()).isZero();
    assertThat(rounded.detectors().margin()).isBetween(1e-9, 0.1 * rounded.detectors().threshold());
  }

  /** Off by about what float32 loses in a sum of a thousand. */
  private static Decomposition rounded(Decomposition d) {
    float[] heads = d.heads().clone();
    for (int i = 0; i < heads.length; i++) {
      heads[i] *= 1 + (i % 2 == 0 ? 1e-6f : -1e-6f);
    }
    return new Decomposition(
        d.shape(), d.embedding(), heads, d.mlps(), d.norm(), d.sigma(), d.lastLayerTokens());
  }

  @Test
  void worksWithoutLabels() {
    Calibrator calibrator =
        new Calibrator(
            Fakes.MODEL,
            Optional.empty(),
            "test",
            Fakes.SETTINGS,
            300,
            Fakes.guards(Optional.empty()));
    Fakes.feed(calibrator, Fakes.clean(0, 300));

    Calibration calibration = calibrator.finish(Instant.EPOCH, Optional.empty());

    assertThat(calibration.content().classes()).isEmpty();
    assertThat(calibration.content().images().classesSeen()).isZero();
    assertThat(calibration.detectors().combination()).doesNotContain("class-prototypes");
  }

  @Test
  void refusesAModelWithNaNParts() {
    FakeModel broken =
        new FakeModel() {
          @Override
          public List<Decomposition> decompose(List<RgbImage> images) {
            List<Decomposition> parts = super.decompose(images);
            parts.get(0).heads()[7] = Float.NaN;
            return parts;
          }
        };
    Calibrator calibrator =
        new Calibrator(
            broken,
            Optional.of(broken.classifier()),
            "test",
            Fakes.SETTINGS,
            300,
            Fakes.guards(Optional.of(broken.classifier())));

    assertThatThrownBy(() -> Fakes.feed(calibrator, Fakes.clean(0, 64)))
        .isInstanceOfSatisfying(
            CalibrationException.class, e -> assertThat(e.code()).isEqualTo(Code.DEGENERATE))
        .hasMessageContaining("image0")
        .hasMessageContaining("NaN");
  }

  @ParameterizedTest
  @ValueSource(ints = {3, 6, 30})
  void poisonIsLeftOutAndNamedAndDetectionStays(int poisoned) {
    List<CleanImage> images = new ArrayList<>(Fakes.clean(0, 600 - poisoned));
    images.addAll(Fakes.triggered(90_000, 90_000 + poisoned));
    Collections.shuffle(images, new Random(5));
    Calibrator calibrator = Fakes.calibrator(600);
    Fakes.feed(calibrator, images);

    Calibration calibration = calibrator.finish(Instant.EPOCH, Optional.empty());

    List<String> named = calibrator.suspects().stream().map(Suspect::name).toList();
    for (int i = 90_000; i < 90_000 + poisoned; i++) {
      assertThat(named).contains("image" + i);
    }
    assertThat(calibration.content().images().leftOut()).isLessThan(poisoned + 6L);
    assertThat(caught(calibration)).isEqualTo(100);
  }

  @Test
  void poisonThatIsKeptHidesItsLike() {
    CalibrationSettings kept = Fakes.SETTINGS.withScreened(false);
    List<CleanImage> images = new ArrayList<>(Fakes.clean(0, 540));
    images.addAll(Fakes.triggered(90_000, 90_060));
    Collections.shuffle(images, new Random(5));
    Calibrator calibrator = Fakes.calibrator(kept, Stages.of(600, kept, Fakes.MODEL.shape()));
    Fakes.feed(calibrator, images);

    Calibration calibration = calibrator.finish(Instant.EPOCH, Optional.empty());

    assertThat(calibration.content().images().leftOut()).isZero();
    assertThat(caught(calibration)).isLessThan(80); // with 10 % poison and a target of 5 %
  }

  private static long caught(Calibration calibration) {
    List<RgbImage> triggered =
        Fakes.triggered(70_000, 70_100).stream().map(CleanImage::pixels).toList();
    return Fakes.guards(Optional.of(Fakes.MODEL.classifier()))
        .apply(calibration)
        .judge(triggered)
        .stream()
        .filter(Trial.Outcome::flagged)
        .count();
  }

  /** Stages of a set that is larger than what may be kept of it. */
  private static Stages small(long total) {
    return Stages.of(total, Fakes.SETTINGS, Fakes.MODEL.shape(), 1, 1);
  }

  @Test
  void aLargeSetGoesThroughAllStagesAndDetectsAsWell() {
    Stages stages = small(800);
    assertThat(stages).isEqualTo(new Stages(64, 496, 560, 800));
    Calibrator calibrator = Fakes.calibrator(Fakes.SETTINGS, stages);
    Fakes.feed(calibrator, Fakes.clean(0, 800));

    Calibration calibration = calibrator.finish(Instant.EPOCH, Optional.empty());

    CalibrationImages images = calibration.content().images();
    assertThat(images.reference()).isBetween(480L, 496L);
    assertThat(images.fitted()).isBetween(120L, 128L); // the first stage's, too
    assertThat(images.heldOut()).isEqualTo(240);
    assertThat(calibration.measured().flagRate()).isLessThan(0.15);
    assertThat(caught(calibration)).isEqualTo(100);
  }

  @ParameterizedTest
  @ValueSource(ints = {10, 40, 64, 130, 496, 530, 560, 700, 799})
  void anInterruptedRunGoesOnToTheSameCalibration(int interruptedAfter) throws Exception {
    List<CleanImage> images = Fakes.clean(0, 800);
    images.set(100, images.get(3)); // a duplicate
    Calibrator whole = Fakes.calibrator(Fakes.SETTINGS, small(800));
    Fakes.feed(whole, images);
    CalibrationCheckpoint checkpoint = checkpoint("run");
    Calibrator first = Fakes.calibrator(Fakes.SETTINGS, small(800));
    assertThat(checkpoint.restore(first)).isEqualTo(CalibrationCheckpoint.Found.NOTHING);
    Fakes.feed(first, images.subList(0, interruptedAfter));
    checkpoint.save(first);

    Calibrator second = Fakes.calibrator(Fakes.SETTINGS, small(800));
    assertThat(checkpoint.restore(second)).isEqualTo(CalibrationCheckpoint.Found.THIS_RUN);
    assertThat(second.offered()).isEqualTo(interruptedAfter);
    Fakes.feed(second, images.subList(interruptedAfter, images.size()));

    assertThat(second.finish(Instant.EPOCH, Optional.empty()).id())
        .isEqualTo(whole.finish(Instant.EPOCH, Optional.empty()).id());
    assertThat(second.suspects()).isEqualTo(whole.suspects());
  }

  private CalibrationCheckpoint checkpoint(String run) {
    return new CalibrationCheckpoint(folder.resolve("c.json.checkpoint"), run);
  }

  @Test
  void aCheckpointOfAnotherRunOrADamagedOneIsNotUsed() throws Exception {
    Calibrator calibrator = Fakes.calibrator(300);
    Fakes.feed(calibrator, Fakes.clean(0, 60));
    checkpoint("one").save(calibrator);
    Path file = folder.resolve("c.json.checkpoint");
    byte[] good = Files.readAllBytes(file);

    assertThat(checkpoint("two").restore(Fakes.calibrator(300)))
        .isEqualTo(CalibrationCheckpoint.Found.ANOTHER_RUN);
    for (int cut : new int[] {0, 3, 100, good.length / 2, good.length - 1}) {
      Files.write(file, Arrays.copyOf(good, cut));
      assertThat(checkpoint("one").restore(Fakes.calibrator(300)))
          .as("cut after %d bytes", cut)
          .isEqualTo(CalibrationCheckpoint.Found.DAMAGED);
    }
    byte[] flipped = good.clone();
    flipped[good.length / 2] ^= 1;
    Files.write(file, flipped);
    Calibrator untouched = Fakes.calibrator(300);
    assertThat(checkpoint("one").restore(untouched)).isEqualTo(CalibrationCheckpoint.Found.DAMAGED);
    assertThat(untouched.offered()).isZero();
    checkpoint("one").delete();
    assertThat(file).doesNotExist();
  }

  @Test
  void expiresAfterItsValidity() {
    Calibrator calibrator = Fakes.calibrator(200);
    Fakes.feed(calibrator, Fakes.clean(0, 200));
    Calibration calibration = calibrator.finish(Instant.EPOCH, Optional.of(Duration.ofDays(30)));

    calibration.requireFresh(Instant.EPOCH.plus(Duration.ofDays(29)));
    assertThatThrownBy(() -> calibration.requireFresh(Instant.EPOCH.plus(Duration.ofDays(30))))
        .isInstanceOfSatisfying(
            CalibrationException.class, e -> assertThat(e.code()).isEqualTo(Code.EXPIRED))
        .hasMessageContaining("1970-01-31");
  }

  @ParameterizedTest
  @ValueSource(doubles = {0, 1, -1, Double.NaN})
  void refusesTargetsThatAreNone(double target) {
    assertThatThrownBy(() -> CalibrationSettings.defaults().withTarget(target, 0.95))
        .isInstanceOfSatisfying(
            CalibrationException.class, e -> assertThat(e.code()).isEqualTo(Code.BAD_SETTING))
        .hasMessageContaining("between 0 and 1");
    assertThatThrownBy(() -> CalibrationSettings.defaults().withTarget(0.01, target))
        .hasMessageContaining("confidence");
  }

  @Test
  void refusesDetectorsThatAreNone() {
    assertThatThrownBy(
            () -> CalibrationSettings.defaults().withCombination(List.of("scale", "magic")))
        .hasMessageContaining("magic")
        .hasMessageContaining("share-mahalanobis");
    assertThatThrownBy(() -> CalibrationSettings.defaults().withCombination(List.of()))
        .hasMessageContaining("empty");
  }
}
