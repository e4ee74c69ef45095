package io.headgate.clip;

import static org.assertj.core.api.Assertions.assertThat;

import io.headgate.decomposition.Decomposition;
import io.headgate.weights.Safetensors;
import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Every number of the golden models, in every file format. */
class GoldenTest {
  private static final double TOLERANCE = 1e-5;

  @ParameterizedTest
  @CsvSource({
    "tiny-quickgelu, open_clip_model.safetensors",
    "tiny-quickgelu, model.safetensors",
    "tiny-gelu, open_clip_model.safetensors",
    "tiny-gelu, model.safetensors",
  })
  void decomposesAsTheGoldenModel(String model, String file) throws Exception {
    Path folder = fixture(model);
    try (Safetensors golden = Safetensors.open(folder.resolve("golden.safetensors"));
        ClipModel clip = ClipModel.open(folder.resolve(file), ClipOptions.defaults())) {
      float[] pixels = golden.tensor("pixel_values").toFloats();

      List<Decomposition> decompositions = clip.decomposePixels(pixels, 6);
      List<float[]> maps = clip.tokenMapsOfPixels(pixels, 6);

      for (int i = 0; i < 6; i++) {
        Decomposition d = decompositions.get(i);
        assertThat(distance(d.embedding(), golden, "image_embeds", i)).isLessThan(TOLERANCE);
        assertThat(distance(d.heads(), golden, "attn", i)).isLessThan(TOLERANCE);
        assertThat(distance(d.mlps(), golden, "mlp", i)).isLessThan(TOLERANCE);
        assertThat(distance(maps.get(i), golden, "token_maps", i)).isLessThan(2e-5);
        assertThat(distance(new float[] {d.norm()}, golden, "embed_norm", i)).isLessThan(TOLERANCE);
        assertThat(distance(new float[] {d.sigma()}, golden, "post_ln_std", i))
            .isLessThan(TOLERANCE);
        assertThat(d.residual()).isLessThan(1e-6);
      }
    }
  }

  @ParameterizedTest
  @CsvSource({
    "tiny-quickgelu, open_clip_model.safetensors",
    "tiny-quickgelu, model.safetensors",
    "tiny-gelu, open_clip_model.safetensors",
    "tiny-gelu, model.safetensors",
  })
  void encodesTextsAsTheGoldenModel(String model, String file) throws Exception {
    Path folder = fixture(model);
    try (Safetensors golden = Safetensors.open(folder.resolve("golden.safetensors"));
        ClipModel clip = ClipModel.open(folder.resolve(file), ClipOptions.defaults())) {
      long[] flat = golden.tensor("text_ids").toLongs();
      int[][] ids = new int[6][77];
      for (int i = 0; i < flat.length; i++) {
        ids[i / 77][i % 77] = (int) flat[i];
      }

      float[][] texts = clip.encodeTokens(ids);

      for (int i = 0; i < 6; i++) {
        assertThat(distance(texts[i], golden, "text_embeds", i)).isLessThan(TOLERANCE);
      }
    }
  }

  static Path fixture(String name) throws URISyntaxException {
    return Path.of(GoldenTest.class.getResource("/fixtures/" + name).toURI());
  }

  /** max |actual − row i of the golden tensor|. */
  static double distance(float[] actual, Safetensors golden, String name, int i) {
    float[] expected = new float[actual.length];
    golden.tensor(name).readFloats((long) i * actual.length, expected);
    double worst = 0;
    for (int k = 0; k < actual.length; k++) {
      worst = Math.max(worst, Math.abs(actual[k] - expected[k]));
    }
    return worst;
  }
}
