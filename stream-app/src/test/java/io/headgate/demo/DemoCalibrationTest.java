package io.headgate.demo;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DemoCalibrationTest {
  @TempDir private Path model;
  private final List<String> said = new ArrayList<>();

  @Test
  void noneBesideTheModelIsNothingToSay() {
    assertThat(DemoCalibration.beside(model, "f00d", said::add)).isEmpty();
    assertThat(said).isEmpty();
  }

  @Test
  void oneThatCannotBeReadIsNamedAndNotUsed() throws Exception {
    Path file = Files.writeString(model.resolve(DemoCalibration.FILE), "{\"version\":");
    Files.writeString(model.resolve("calibration.safetensors"), "no numbers");

    assertThat(DemoCalibration.beside(model, "f00d", said::add)).isEmpty();
    assertThat(said).singleElement().asString().contains(file.toString(), "calibrating anew");
  }
}
