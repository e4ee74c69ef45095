package io.headgate.lab.report;

import static org.assertj.core.api.Assertions.assertThat;

import io.headgate.calibration.Calibration;
import io.headgate.calibration.CalibrationSettings;
import io.headgate.clip.ClipModel;
import io.headgate.clip.ClipOptions;
import io.headgate.command.GuardTrial;
import io.headgate.guard.RepairPolicy;
import io.headgate.lab.attacks.Attacks;
import io.headgate.lab.evaluation.Calibrating;
import io.headgate.lab.evaluation.ComposedPictures;
import io.headgate.lab.evaluation.Split;
import io.headgate.lab.scenes.Scenes;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LabReportTest {
  @TempDir private Path folder;

  @Test
  void isOneWellFormedPageWithoutScriptOrNetwork() throws Exception {
    Scenes scenes = Scenes.ofSide(56);
    try (ClipModel model =
        ClipModel.open(
            Path.of("../reference/models/blended"), ClipOptions.defaults().withThreads(1))) {
      Calibration calibration =
          Calibrating.run(
              model,
              model.classifier(),
              CalibrationSettings.defaults().withTarget(0.05, 0.95),
              GuardTrial.of(model, model.classifier(), RepairPolicy.PRUNE),
              new ComposedPictures(
                  "validation", scenes, Split.VALIDATION, 0, 220, Optional.empty()),
              Instant.EPOCH);
      LabReport report = new LabReport(30);
      report.add(
          new Subject(
              "blended",
              model,
              calibration,
              new ComposedPictures("clean", scenes, Split.TEST, 0, 40, Optional.empty()),
              new ComposedPictures(
                  "blended",
                  scenes,
                  Split.TRIGGERED,
                  0,
                  40,
                  Optional.of(Attacks.named("blended", 5, Optional.empty()))),
              "banana"));

      String page = Files.readString(report.write(folder));

      assertThat(page)
          .contains("combined", "strip", "paper-heads", "prune", "ROC curves", "TextSpan")
          .contains("data:image/png;base64,")
          .doesNotContain("<script", "<link", "@import", "NaN,");
      assertThat(page.replace("http://www.w3.org/2000/svg", ""))
          .doesNotContain("http://", "https://");
      assertThat(folder).isDirectoryContaining("glob:**report.html");
      assertThat(page.split("<svg", -1)).hasSizeGreaterThan(20);
      assertThat(page.split("<svg", -1)).hasSameSizeAs(page.split("</svg>", -1));
    }
  }
}
