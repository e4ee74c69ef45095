package io.headgate.guard;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.headgate.calibration.Calibration;
import io.headgate.calibration.CalibrationException;
import io.headgate.calibration.CalibrationSettings;
import io.headgate.calibration.Calibrator;
import io.headgate.calibration.CleanImage;
import io.headgate.calibration.Trial;
import io.headgate.detection.FakeModel;
import io.headgate.imaging.RgbImage;
import java.nio.ByteBuffer;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

class GuardTest {
  private static final FakeModel MODEL = new FakeModel();
  private static Calibration calibration;

  @BeforeAll
  static void calibrate() {
    calibration = calibration(1200, CalibrationSettings.defaults());
  }

  static Calibration calibration(int images, CalibrationSettings settings) {
    Calibrator calibrator =
        new Calibrator(
            MODEL,
            Optional.of(MODEL.classifier()),
            "test",
            settings,
            images,
            fitted -> {
              Guard guard =
                  new Guard(MODEL, Optional.of(MODEL.classifier()), fitted, RepairPolicy.PRUNE);
              return pixels ->
                  guard.judge(pixels).stream()
                      .map(
                          j ->
                              new Trial.Outcome(
                                  j.scores().flagged(),
                                  j.verdict() instanceof Verdict.Quarantined,
                                  j.scores().deciding().score(),
                                  ""))
                      .toList();
            });
    List<CleanImage> clean = new ArrayList<>();
    for (int i = 0; i < images; i++) {
      clean.add(
          new CleanImage(
              "image" + i,
              ByteBuffer.allocate(32).putInt(i).array(),
              FakeModel.image(i % FakeModel.CLASSES, i)));
    }
    calibrator.accept(clean);
    return calibrator.finish(Instant.EPOCH, Optional.empty());
  }

  private static Guard guard(RepairPolicy policy) {
    return new Guard(MODEL, Optional.of(MODEL.classifier()), calibration, policy);
  }

  @Test
  void passesCleanImagesAsTheyAre() {
    List<RgbImage> clean = new ArrayList<>();
    for (int i = 0; i < 300; i++) {
      clean.add(FakeModel.image(i % FakeModel.CLASSES, 100_000 + i));
    }

    List<Judgement> judgements = guard(RepairPolicy.PRUNE).judge(clean);

    assertThat(judgements).hasSize(300);
    assertThat(judgements.stream().filter(j -> j.verdict() instanceof Verdict.Clean).count())
        .isGreaterThan(288);
    assertThat(judgements.get(0).labels()).hasSize(5);
    assertThat(judgements.get(0).evidence()).isEmpty();
  }

  @Test
  void repairsALocalTriggerByDroppingItsToken() {
    RgbImage triggered = FakeModel.triggered(FakeModel.image(3, 5), 9);

    Judgement judgement = guard(RepairPolicy.PRUNE).judge(List.of(triggered)).get(0);

    assertThat(judgement.scores().flagged()).isTrue();
    assertThat(judgement.suspectedLabel()).get().extracting("name").isEqualTo("class0");
    assertThat(judgement.verdict()).isInstanceOf(Verdict.Repaired.class);
    assertThat(judgement.labels().get(0).name()).isEqualTo("class3");
  }

  @Test
  void quarantinesWithEvidenceWhenNoRepairIsAllowed() {
    RgbImage triggered = FakeModel.triggered(FakeModel.image(3, 5), 9);

    Judgement judgement = guard(RepairPolicy.NONE).judge(List.of(triggered)).get(0);

    assertThat(judgement.verdict()).isInstanceOf(Verdict.Quarantined.class);
    Evidence evidence = judgement.evidence().orElseThrow();
    assertThat(evidence.infectedComponents()).first().isEqualTo("L1H1");
    assertThat(evidence.suspectedTokens()).contains(9);
  }

  @Test
  void refusesTheCalibrationOfAnotherModelAndNamesBoth() {
    FakeModel other = new FakeModel("e".repeat(64), 254);

    assertThatThrownBy(
            () ->
                new Guard(other, Optional.of(other.classifier()), calibration, RepairPolicy.PRUNE))
        .isInstanceOf(CalibrationException.class)
        .hasMessageContaining("f".repeat(64))
        .hasMessageContaining("e".repeat(64));
  }
}
