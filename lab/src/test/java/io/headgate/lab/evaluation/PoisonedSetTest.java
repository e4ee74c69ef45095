package io.headgate.lab.evaluation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.headgate.calibration.CalibrationSettings;
import io.headgate.clip.ClipModel;
import io.headgate.clip.ClipOptions;
import io.headgate.imaging.RgbImage;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;

/** On the committed model with the blended backdoor. */
class PoisonedSetTest {
  private static final Path REFERENCE = Path.of("..", "reference");
  private static ClipModel model;
  private static PoisonedSet set;

  @BeforeAll
  static void readPictures() throws Exception {
    model =
        ClipModel.open(REFERENCE.resolve("models/blended"), ClipOptions.defaults().withThreads(1));
    set =
        new PoisonedSet(
            model,
            model.classifier(),
            CalibrationSettings.defaults().withTarget(0.05, 0.95),
            pictures("clean-validation", 250),
            pictures("clean-test", 100),
            pictures("triggered-blended", 100));
  }

  @AfterAll
  static void close() {
    model.close();
  }

  private static List<RgbImage> pictures(String folder, int count) throws Exception {
    List<RgbImage> all = new ArrayList<>();
    new FolderPictures(folder, REFERENCE.resolve("images").resolve(folder), 56, List.of())
        .forEach(
            50,
            batch ->
                batch.stream()
                    .limit(Math.max(0, count - all.size()))
                    .forEach(picture -> all.add(picture.pixels())));
    return all;
  }

  @Test
  void theScreenNamesThePoisonAndKeepsDetectionWhole() {
    PoisonedSet.Row none = set.measure(0, true);
    PoisonedSet.Row screened = set.measure(0.05, true);
    PoisonedSet.Row kept = set.measure(0.05, false);

    assertThat(none.poison()).isZero();
    assertThat(none.named()).isZero();
    assertThat(screened.poison()).isEqualTo(13); // 5 % of 263
    assertThat(screened.named()).isGreaterThanOrEqualTo(11);
    assertThat(screened.tpr()).isGreaterThan(kept.tpr());
    assertThat(screened.auroc()).isGreaterThan(0.95);
    assertThat(none.auroc()).isGreaterThan(0.95);
  }

  @Test
  void refusesMorePoisonThanLeavesTriggeredPicturesToTestOn() {
    assertThatThrownBy(() -> set.measure(0.5, true))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("poison: 250 of 100 triggered pictures (expected: at most half of them)");
  }
}
