package io.headgate.lab.evaluation;

import static org.assertj.core.api.Assertions.assertThat;

import io.headgate.calibration.CalibrationSettings;
import io.headgate.clip.ClipModel;
import io.headgate.clip.ClipOptions;
import io.headgate.lab.attacks.Attacks;
import io.headgate.lab.scenes.Scenes;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;

class StudyTest {
  @Test
  void measuresAModelOnComposedPicturesAndJudgesTheTargets() throws Exception {
    Study study =
        new Study(
            Scenes.ofSide(56),
            CalibrationSettings.defaults().withTarget(0.05, 0.95),
            220,
            40,
            false);
    try (ClipModel model =
        ClipModel.open(
            Path.of("../reference/models/blended"), ClipOptions.defaults().withThreads(1))) {

      study.add("blended", model, "banana", List.of(Attacks.named("wanet", 9, Optional.empty())));

      Study.Row row = study.rows().get(0);
      assertThat(row.clean().accuracy()).isGreaterThan(0.6);
      assertThat(row.learnt()).as("a trigger the model has never seen").isFalse();
      assertThat(row.costShare()).isPositive();
      assertThat(study.markdown())
          .contains("| blended | wanet |", "(not learnt)", "| blended | wanet | prune |");
      assertThat(study.targets())
          .filteredOn(t -> t.target().startsWith("TPR"))
          .singleElement()
          .satisfies(t -> assertThat(t.measured()).isEqualTo("nothing to judge it by"));
    }
  }
}
