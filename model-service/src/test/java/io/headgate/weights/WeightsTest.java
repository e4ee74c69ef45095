package io.headgate.weights;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class WeightsTest {
  private static final Path FIXTURES = Path.of("src/test/resources/fixtures");

  @ParameterizedTest
  @ValueSource(strings = {"tiny-quickgelu", "tiny-gelu"})
  void readsTheSameNumbersFromTransformersAndOpenClipFiles(String model) {
    Path folder = FIXTURES.resolve(model);

    try (Weights openClip =
            Weights.open(folder.resolve("open_clip_model.safetensors"), WeightsOptions.none());
        Weights transformers =
            Weights.open(folder.resolve("model.safetensors"), WeightsOptions.none())) {
      assertThat(transformers.config()).isEqualTo(openClip.config());
      assertThat(transformers.names()).isEqualTo(openClip.names());
      for (String name : openClip.names()) {
        assertThat(transformers.tensor(name).shape()).isEqualTo(openClip.tensor(name).shape());
        assertThat(transformers.tensor(name).toFloats())
            .as(name)
            .isEqualTo(openClip.tensor(name).toFloats());
      }
      openClip.requireFinite();
    }
  }
}
