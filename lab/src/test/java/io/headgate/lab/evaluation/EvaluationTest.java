package io.headgate.lab.evaluation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.headgate.calibration.Calibration;
import io.headgate.calibration.CalibrationSettings;
import io.headgate.calibration.Calibrator;
import io.headgate.calibration.CleanImage;
import io.headgate.clip.ClipModel;
import io.headgate.clip.ClipOptions;
import io.headgate.command.GuardTrial;
import io.headgate.console.UserException;
import io.headgate.guard.RepairPolicy;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** On the committed backdoored model, with few pictures. */
class EvaluationTest {
  private static final Path REFERENCE = Path.of("..", "reference");
  private static ClipModel model;
  private static Calibration calibration;

  /** The first pictures of a folder. */
  private record Some(FolderPictures all, int size) implements PictureSet {
    static Some of(String folder, int size) throws Exception {
      Path path = REFERENCE.resolve("images").resolve(folder);
      return new Some(
          new FolderPictures(
              FolderPictures.attackName(path),
              path,
              56,
              model.classifier().orElseThrow().classes()),
          size);
    }

    @Override
    public String name() {
      return all.name();
    }

    @Override
    public void forEach(int batch, Consumer<List<Picture>> then) {
      int[] left = {size};
      all.forEach(
          batch,
          pictures -> {
            List<Picture> some = pictures.subList(0, Math.min(left[0], pictures.size()));
            left[0] -= some.size();
            if (!some.isEmpty()) {
              then.accept(some);
            }
          });
    }
  }

  @BeforeAll
  static void calibrate() throws Exception {
    model =
        ClipModel.open(REFERENCE.resolve("models/badnet8"), ClipOptions.defaults().withThreads(1));
    Calibrator calibrator =
        new Calibrator(
            model,
            model.classifier(),
            "test",
            CalibrationSettings.defaults().withTarget(0.05, 0.95),
            240,
            GuardTrial.of(model, model.classifier(), RepairPolicy.PRUNE));
    Some.of("clean-validation", 240)
        .forEach(
            40,
            batch ->
                calibrator.accept(
                    batch.stream()
                        .map(
                            p ->
                                new CleanImage(
                                    p.name(),
                                    ByteBuffer.allocate(32)
                                        .putInt(p.name().hashCode())
                                        .putInt(p.pixels().hashCode())
                                        .array(),
                                    p.pixels()))
                        .toList()));
    calibration = calibrator.finish(Instant.EPOCH, Optional.empty());
  }

  @AfterAll
  static void close() {
    model.close();
  }

  private static Evaluation evaluation(String target) {
    return new Evaluation(
        model,
        model.classifier(),
        calibration,
        target,
        model::embed,
        Optional.of(model::encodeTexts));
  }

  @Test
  void measuresDetectionAndRepairOfAPlantedBackdoor() throws Exception {
    EvaluationResult result =
        evaluation("banana")
            .run(Some.of("clean-test", 80), List.of(Some.of("triggered-badnet8", 60)));

    AttackResult attack = result.attacks().get("badnet8");
    assertThat(result.clean().accuracy()).isGreaterThan(0.7);
    assertThat(attack.images()).isEqualTo(60);
    assertThat(attack.asr()).isGreaterThan(0.8);
    assertThat(attack.accuracy()).isLessThan(0.2);
    assertThat(attack.detectors().get("combined").auroc()).isGreaterThan(0.9);
    assertThat(attack.detectors().keySet())
        .contains("combined", "infected-heads", "strip", "bdetclip", "bdetclip-predicted");
    assertThat(attack.repair().keySet())
        .containsExactly("none", "paper-heads", "paper-mlps", "attribution", "prune");
    assertThat(attack.repair().get("prune").asr()).isLessThan(0.2);
    assertThat(attack.repair().get("prune").accuracyTriggered())
        .isGreaterThan(attack.repair().get("none").accuracyTriggered());
    assertThat(attack.repair().get("paper-heads").asrAlways()).isGreaterThan(0.5);
    attack
        .repair()
        .values()
        .forEach(r -> assertThat(r.accuracyClean()).isLessThanOrEqualTo(result.clean().accuracy()));
  }

  @Test
  void writesTheDocumentedJson() throws Exception {
    EvaluationResult result =
        evaluation("banana")
            .run(Some.of("clean-test", 40), List.of(Some.of("triggered-badnet8", 20)));

    JsonNode attack =
        new ObjectMapper()
            .readTree(new ObjectMapper().writeValueAsBytes(result))
            .at("/attacks/badnet8");

    assertThat(attack.at("/asr").isNumber()).isTrue();
    for (String field :
        List.of("auroc", "tpr_at_1pct", "tpr_at_operating_point", "fpr_at_operating_point")) {
      assertThat(attack.at("/detectors/combined/" + field).isNumber()).as(field).isTrue();
    }
    for (String field : List.of("asr", "accuracy_triggered", "accuracy_clean")) {
      assertThat(attack.at("/repair/prune/" + field).isNumber()).as(field).isTrue();
    }
  }

  @Test
  void refusesATargetThatIsNoClass() {
    assertThatThrownBy(() -> evaluation("zeppelin"))
        .isInstanceOf(UserException.class)
        .hasMessageContaining("zeppelin")
        .hasMessageContaining("banana");
  }

  @Test
  void refusesACalibrationOfAnotherModel() throws Exception {
    assertThat(Files.isDirectory(REFERENCE.resolve("models/blended"))).isTrue();
    try (ClipModel other =
        ClipModel.open(
            REFERENCE.resolve("models/blended"), ClipOptions.defaults().withThreads(1))) {
      assertThatThrownBy(
              () ->
                  new Evaluation(
                      other,
                      other.classifier(),
                      calibration,
                      "banana",
                      other::embed,
                      Optional.empty()))
          .isInstanceOf(UserException.class)
          .hasMessageContaining(calibration.modelFingerprint())
          .hasMessageContaining(other.fingerprint());
    }
  }
}
