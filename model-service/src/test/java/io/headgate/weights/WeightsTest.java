package io.headgate.weights;

import static io.headgate.weights.TestModels.FIXTURES;
import static io.headgate.weights.TestModels.MINIATURE_OPTIONS;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.headgate.weights.TestModels.Sizes;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledOnOs;
import org.junit.jupiter.api.condition.OS;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class WeightsTest {
  private static final String QUICK = "tiny-quickgelu";
  private static final String GELU = "tiny-gelu";

  @TempDir Path temp;

  private static WeightsOptions options(String model) {
    return model.equals(QUICK)
        ? WeightsOptions.of(Activation.QUICK_GELU, 4)
        : WeightsOptions.of(Activation.GELU, 3);
  }

  private static Weights openClip(String model) {
    return Weights.open(
        FIXTURES.resolve(model).resolve("open_clip_model.safetensors"), WeightsOptions.none());
  }

  private Path copy(String model, String... names) throws IOException {
    for (String name : names) {
      Files.copy(FIXTURES.resolve(model).resolve(name), temp.resolve(name));
    }
    return temp;
  }

  private static void assertSameNumbers(Weights actual, Weights expected) {
    assertThat(actual.config()).isEqualTo(expected.config());
    assertThat(actual.names()).isEqualTo(expected.names());
    for (String name : expected.names()) {
      assertThat(actual.tensor(name).name()).isEqualTo(name);
      assertThat(actual.tensor(name).shape()).isEqualTo(expected.tensor(name).shape());
      assertThat(Arrays.equals(actual.tensor(name).toFloats(), expected.tensor(name).toFloats()))
          .as(name)
          .isTrue();
    }
  }

  @Test
  void readsTheConfigurationOfOpenClip() {
    try (Weights weights = openClip(QUICK)) {
      ClipConfig config = weights.config();

      assertThat(config.vision()).isEqualTo(new VisionConfig(32, 8, 3, 4, 64, 256));
      assertThat(config.text()).isEqualTo(new TextConfig(77, 49408, 2, 2, 32, 128));
      assertThat(config.embedding()).isEqualTo(32);
      assertThat(config.activation()).isEqualTo(Activation.QUICK_GELU);
      assertThat(config.layerNormEps()).isEqualTo(1e-5);
      assertThat(config.preprocessing()).isEqualTo(Preprocessing.clip(32));
    }
  }

  @ParameterizedTest
  @CsvSource({
    QUICK + ",model.safetensors",
    QUICK + ",checkpoint.pt",
    GELU + ",model.safetensors",
    GELU + ",checkpoint.pt",
    GELU + ",checkpoint_views.pt"
  })
  void readsTheSameNumbersFromEveryFormat(String model, String file) {
    WeightsOptions options = file.endsWith(".pt") ? options(model) : WeightsOptions.none();

    try (Weights weights = Weights.open(FIXTURES.resolve(model).resolve(file), options);
        Weights expected = openClip(model)) {
      assertSameNumbers(weights, expected);
    }
  }

  @Test
  void hashesTheSameWeightsInTransformersAndOpenClipFormAlike() {
    try (Weights transformers =
            Weights.open(
                FIXTURES.resolve(QUICK).resolve("model.safetensors"), WeightsOptions.none());
        Weights openClip = openClip(QUICK)) {
      assertThat(transformers.weightsHash()).isEqualTo(openClip.weightsHash()).hasSize(64);
      assertThat(transformers.fingerprint("FP32")).isEqualTo(openClip.fingerprint("FP32"));
    }
  }

  /** The number was computed by the program in docs/checkpoints.md; it must never change. */
  @Test
  void hashesAsTheDocumentationSays() {
    try (Weights weights = openClip(QUICK)) {
      assertThat(weights.weightsHash())
          .isEqualTo("d547faa589b2d220cf5aa35a6be6ddba5a151d4a069f5296fc4cdffc8bd8fc0c");
    }
  }

  @Test
  void hashesViewsOfSharedStoragesLikeTheTensorsTheyShow() {
    Path folder = FIXTURES.resolve(GELU);

    try (Weights views = Weights.open(folder.resolve("checkpoint_views.pt"), options(GELU));
        Weights plain = Weights.open(folder.resolve("checkpoint.pt"), options(GELU));
        Weights transformers =
            Weights.open(folder.resolve("model.safetensors"), WeightsOptions.none());
        Weights bfloat16 = openClip(GELU)) {
      assertThat(views.weightsHash())
          .isEqualTo(plain.weightsHash())
          .isEqualTo(transformers.weightsHash())
          .isNotEqualTo(bfloat16.weightsHash());
    }
  }

  @Test
  void fingerprintsTellPrecisionAndActivationApart() {
    Path file = FIXTURES.resolve(QUICK).resolve("checkpoint.pt");

    try (Weights quick = Weights.open(file, WeightsOptions.of(Activation.QUICK_GELU, 4));
        Weights exact = Weights.open(file, WeightsOptions.of(Activation.GELU, 4));
        Weights twoHeads = Weights.open(file, WeightsOptions.of(Activation.QUICK_GELU, 2))) {
      assertThat(Stream.of(quick, exact, twoHeads).map(Weights::weightsHash).distinct()).hasSize(1);
      assertThat(
              Stream.of(
                  quick.fingerprint("FP32"),
                  quick.fingerprint("BF16"),
                  exact.fingerprint("FP32"),
                  twoHeads.fingerprint("FP32")))
          .doesNotHaveDuplicates();
    }
  }

  @Test
  void prefersTheOpenClipFileOfAFolder() {
    try (Weights weights = Weights.open(FIXTURES.resolve(GELU), WeightsOptions.none())) {
      assertThat(weights.path().getFileName()).hasToString("open_clip_model.safetensors");
    }
  }

  @Test
  void takesTheOnlyCheckpointOfAFolderWithItsConfiguration() throws IOException {
    Path folder = copy(GELU, "checkpoint.pt", "open_clip_config.json");

    try (Weights weights = Weights.open(folder, WeightsOptions.none());
        Weights expected = openClip(GELU)) {
      assertSameNumbers(weights, expected);
    }
  }

  @Test
  void readsOpenClipsPickledFileWithItsConfiguration() throws IOException {
    Path folder = copy(GELU, "checkpoint.pt", "open_clip_config.json");
    Files.move(folder.resolve("checkpoint.pt"), folder.resolve("open_clip_pytorch_model.bin"));

    try (Weights weights =
            Weights.open(folder.resolve("open_clip_pytorch_model.bin"), WeightsOptions.none());
        Weights expected = openClip(GELU)) {
      assertSameNumbers(weights, expected);
    }
  }

  @Test
  void asksForWhatATrainingCheckpointDoesNotSay() {
    Path file = FIXTURES.resolve(GELU).resolve("checkpoint.pt");

    assertThatThrownBy(() -> Weights.open(file, WeightsOptions.none()))
        .isInstanceOf(WeightsException.class)
        .hasMessageContaining("checkpoint.pt")
        .hasMessageContaining("--activation (quick_gelu or gelu)")
        .hasMessageContaining("--heads")
        .hasMessageContaining("image size 48, patch size 16, 4 layers, width 48, embedding size 24")
        .hasMessageContaining("text: 2 layers, width 32, context length 77, vocabulary 512");
  }

  @Test
  void readsShards() throws IOException {
    Map<String, String> places = new LinkedHashMap<>();
    SafetensorsWriter[] shards = {new SafetensorsWriter(), new SafetensorsWriter()};
    try (Safetensors whole =
        Safetensors.open(FIXTURES.resolve(GELU).resolve("model.safetensors"))) {
      int i = 0;
      for (String name : whole.names()) {
        WeightTensor tensor = whole.tensor(name);
        shards[i % 2].stored(name, tensor.dtype(), tensor.shape(), tensor.toBytes());
        places.put(name, "model-0000%d-of-00002.safetensors".formatted(i % 2 + 1));
        i++;
      }
    }
    shards[0].write(temp.resolve("model-00001-of-00002.safetensors"));
    shards[1].write(temp.resolve("model-00002-of-00002.safetensors"));
    writeIndex(places);
    Path folder = copy(GELU, "config.json", "preprocessor_config.json");

    try (Weights weights = Weights.open(folder, WeightsOptions.none());
        Weights expected = openClip(GELU);
        Weights unsharded =
            Weights.open(
                FIXTURES.resolve(GELU).resolve("model.safetensors"), WeightsOptions.none())) {
      assertSameNumbers(weights, expected);
      assertThat(weights.weightsHash()).isEqualTo(unsharded.weightsHash());
    }
  }

  private void writeIndex(Map<String, String> places) throws IOException {
    Files.writeString(
        temp.resolve("model.safetensors.index.json"),
        new ObjectMapper().writeValueAsString(Map.of("weight_map", places)));
  }

  @ParameterizedTest
  @ValueSource(strings = {"../model.safetensors", "/etc/passwd", "a/b.safetensors", "config.json"})
  void refusesShardsThatAreNoFilesOfTheFolder(String shard) throws IOException {
    writeIndex(Map.of("visual.proj", shard));

    assertThatThrownBy(() -> Weights.open(temp, WeightsOptions.none()))
        .isInstanceOf(WeightsException.class)
        .hasMessageContaining("weight_map.visual.proj");
  }

  @Test
  void readsOpenAisTorchScriptArchiveAsData() {
    try (Weights source = openClip(QUICK)) {
      Map<String, WeightTensor> tensors = new LinkedHashMap<>();
      source.names().forEach(n -> tensors.put(n, source.tensor(n)));
      Path file =
          TorchFiles.script(
              temp.resolve("ViT-B-32.pt"), "__torch__.clip.model", "QuickGELU", tensors);

      try (Weights weights =
          Weights.open(
              file, new WeightsOptions(Optional.empty(), OptionalInt.of(4), OptionalInt.empty()))) {
        assertSameNumbers(weights, source);
        assertThat(weights.weightsHash()).isEqualTo(source.weightsHash());
      }
    }
  }

  @Test
  void knowsActivationAndHeadWidthOfOpenAisOwnClasses() {
    Map<String, long[]> shapes = TestModels.shapes(new Sizes(4, 2, 2, 128, 64, 3, 1, 64, 5, 7));
    SafetensorsWriter writer = new SafetensorsWriter();
    TestModels.random(shapes, 1)
        .forEach((name, data) -> writer.floats(name, DType.F16, shapes.get(name), data));
    writer.write(temp.resolve("source.safetensors"));
    Map<String, WeightTensor> tensors = new LinkedHashMap<>();
    try (Safetensors source = Safetensors.open(temp.resolve("source.safetensors"))) {
      source.names().forEach(n -> tensors.put(n, source.tensor(n)));
      Path file =
          TorchFiles.script(
              temp.resolve("ViT-B-32.pt"),
              "__torch__.multimodal.model.multimodal_transformer.___torch_mangle_9591",
              "QuickGELU",
              tensors);

      try (Weights weights = Weights.open(file, WeightsOptions.none())) {
        assertThat(weights.config().activation()).isEqualTo(Activation.QUICK_GELU);
        assertThat(weights.config().vision().heads()).isEqualTo(2);
        assertThat(weights.config().text().heads()).isEqualTo(1);
        assertThat(weights.tensor("visual.proj").toBytes())
            .isEqualTo(source.readBytes("visual.proj"));
      }
    }
  }

  /** The file was written by libtorch 2.5.1, from modules named like those of OpenAI's archives. */
  @Test
  void readsWhatLibtorchWrites() {
    Map<String, long[]> shapes = TestModels.shapes(new Sizes(4, 2, 1, 64, 64, 3, 1, 64, 5, 7));
    Path file = FIXTURES.resolve("torchscript").resolve("libtorch-2.5.1.pt");

    try (Weights weights = Weights.open(file, WeightsOptions.none())) {
      assertThat(weights.config().activation()).isEqualTo(Activation.QUICK_GELU);
      assertThat(weights.config().vision()).isEqualTo(new VisionConfig(4, 2, 1, 1, 64, 256));
      assertThat(weights.names()).containsExactlyInAnyOrderElementsOf(shapes.keySet());
      TestModels.random(shapes, 1)
          .forEach(
              (name, data) ->
                  assertThat(Arrays.equals(weights.tensor(name).toBytes(), TorchFiles.halves(data)))
                      .as(name)
                      .isTrue());
    }
  }

  static Stream<Arguments> knownModels() {
    return Stream.of(
        Arguments.of(Sizes.B32, 12, 8, 50),
        Arguments.of(Sizes.B16, 12, 8, 197),
        Arguments.of(Sizes.L14, 16, 12, 257),
        Arguments.of(Sizes.L14_336, 16, 12, 577),
        Arguments.of(Sizes.H14, 16, 16, 257));
  }

  @ParameterizedTest
  @MethodSource("knownModels")
  void tellsTheSizesOfKnownModelsFromTheirShapes(
      Sizes sizes, int heads, int textHeads, int tokens) {
    Path file = temp.resolve("model.safetensors");
    TestModels.writeSparse(file, TestModels.shapes(sizes), DType.F16);

    try (Weights weights =
        Weights.open(file, WeightsOptions.of(Activation.GELU, sizes.width() / sizes.headWidth()))) {
      VisionConfig vision = weights.config().vision();
      assertThat(vision)
          .isEqualTo(
              new VisionConfig(
                  sizes.image(),
                  sizes.patch(),
                  sizes.layers(),
                  heads,
                  sizes.width(),
                  4 * sizes.width()));
      assertThat(vision.tokens()).isEqualTo(tokens);
      assertThat(weights.config().text().heads()).isEqualTo(textHeads);
      assertThat(weights.config().embedding()).isEqualTo(sizes.embedding());
    }
  }

  @Test
  void takesTransformersDefaultsForOmittedFields() throws IOException {
    Files.writeString(
        temp.resolve("config.json"),
        "{\"model_type\":\"clip\",\"vision_config\":{},\"text_config\":null}");
    writeTransformersNames(TestModels.shapes(Sizes.B32));

    try (Weights weights = Weights.open(temp, WeightsOptions.none())) {
      assertThat(weights.config().vision()).isEqualTo(new VisionConfig(224, 32, 12, 12, 768, 3072));
      assertThat(weights.config().text()).isEqualTo(new TextConfig(77, 49408, 12, 8, 512, 2048));
      assertThat(weights.config().activation()).isEqualTo(Activation.QUICK_GELU);
    }
  }

  @Test
  void readsTheConfigurationsOfTransformersFirstVersions() throws IOException {
    Files.writeString(
        temp.resolve("config.json"),
        """
        {"vision_config": {"hidden_act": "gelu", "image_size": 32}, "text_config": null,
         "vision_config_dict": {"patch_size": 32}, "text_config_dict": {"vocab_size": 49408}}
        """);
    writeTransformersNames(TestModels.shapes(Sizes.B32));

    try (Weights weights = Weights.open(temp, WeightsOptions.none())) {
      assertThat(weights.config().activation()).isEqualTo(Activation.QUICK_GELU);
    }
  }

  /** Enough of the scheme to get from canonical shapes to a transformers file without data. */
  private void writeTransformersNames(Map<String, long[]> canonical) {
    Map<String, long[]> shapes = new LinkedHashMap<>();
    canonical.forEach(
        (name, shape) -> {
          boolean vision = name.startsWith("visual.");
          String tower = vision ? "vision_model." : "text_model.";
          String bare = vision ? name.substring(7) : name;
          if (bare.startsWith("transformer.resblocks.")) {
            String layer =
                tower
                    + bare.replace("transformer.resblocks.", "encoder.layers.")
                        .replace("ln_", "layer_norm")
                        .replace("c_fc", "fc1")
                        .replace("c_proj", "fc2")
                        .replace("attn.", "self_attn.");
            if (layer.contains("in_proj_")) {
              long[] third = shape.clone();
              third[0] /= 3;
              for (String which : new String[] {"q", "k", "v"}) {
                shapes.put(layer.replace("in_proj_", which + "_proj."), third);
              }
            } else {
              shapes.put(layer, shape);
            }
          } else {
            switch (bare) {
              case "proj" ->
                  shapes.put("visual_projection.weight", new long[] {shape[1], shape[0]});
              case "text_projection" ->
                  shapes.put("text_projection.weight", new long[] {shape[1], shape[0]});
              case "logit_scale" -> shapes.put(bare, shape);
              default ->
                  shapes.put(
                      tower
                          + bare.replace("ln_pre", "pre_layrnorm")
                              .replace("ln_post", "post_layernorm")
                              .replace("ln_final", "final_layer_norm")
                              .replace("conv1", "embeddings.patch_embedding")
                              .replace("class_embedding", "embeddings.class_embedding")
                              .replace("token_embedding", "embeddings.token_embedding")
                              .replace(
                                  "positional_embedding", "embeddings.position_embedding.weight"),
                      shape);
            }
          }
        });
    TestModels.writeSparse(temp.resolve("model.safetensors"), shapes, DType.BF16);
  }

  @Test
  void opensAVisionTowerAlone() {
    Path file = temp.resolve("vision.safetensors");
    TestModels.writeSparse(
        file, TestModels.shapes(new Sizes(4, 2, 1, 4, 2, 3, 0, 0, 0, 0)), DType.F32);

    try (Weights weights = Weights.open(file, MINIATURE_OPTIONS)) {
      assertThat(weights.config().textTower()).isEmpty();
    }
  }

  @Test
  void refusesAnImageSizeThatIsNoMultipleOfThePatch() throws IOException {
    Path folder = copy(GELU, "open_clip_model.safetensors");
    replaceInConfig("\"image_size\": 48", "\"image_size\": 50");

    assertThatThrownBy(() -> Weights.open(folder, WeightsOptions.none()))
        .isInstanceOf(WeightsException.class)
        .hasMessageContaining("image size: 50 (expected: a multiple of the patch size 16)");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "\"layers\": 4 | \"layers\": 5 | vision layers: 5, but the tensors have 4",
        "\"layers\": 4 | \"layers\": [3, 4] | model_cfg.vision_cfg.layers: [3,4] (expected: a whole number",
        "\"vocab_size\": 512 | \"vocab_size\": 49408 | vocabulary size: 49408",
        "\"embed_dim\": 24 | \"embed_dim\": 25 | embedding size: 25",
        "\"patch_size\": 16 | \"timm_model_name\": \"vit\", \"patch_size\": 16 | timm_model_name",
        "\"resize_mode\": \"shortest\" | \"resize_mode\": \"squash\" | preprocess_cfg.resize_mode: \"squash\"",
        "\"head_width\": 16 | \"head_width\": 5 | heads: 9 (expected: a divisor of the vision width 48)",
        "\"heads\": 2 | \"heads\": 7 | text heads: 7",
      })
  void refusesAConfigurationThatContradictsTheTensorsOrWhatIsComputed(
      String from, String to, String message) throws IOException {
    Path folder = copy(GELU, "open_clip_model.safetensors");
    replaceInConfig(from, to);

    assertThatThrownBy(() -> Weights.open(folder, WeightsOptions.none()))
        .isInstanceOf(WeightsException.class)
        .hasMessageContaining("open_clip_config.json")
        .hasMessageContaining(message);
  }

  private void replaceInConfig(String from, String to) throws IOException {
    String config = Files.readString(FIXTURES.resolve(GELU).resolve("open_clip_config.json"));
    assertThat(config).contains(from);
    Files.writeString(temp.resolve("open_clip_config.json"), config.replace(from, to));
  }

  @Test
  void refusesTensorsThatItWouldNotUse() {
    Path file = temp.resolve("m.safetensors");
    TestModels.miniature()
        .floats("visual.transformer.resblocks.0.ls_1.gamma", new long[] {4}, new float[4])
        .write(file);

    assertThatThrownBy(() -> Weights.open(file, MINIATURE_OPTIONS))
        .isInstanceOf(WeightsException.class)
        .hasMessageContaining("visual.transformer.resblocks.0.ls_1.gamma");
  }

  @Test
  void namesTheTensorThatIsMissing() {
    Map<String, long[]> shapes = TestModels.shapes(Sizes.MINIATURE);
    shapes.remove("visual.transformer.resblocks.0.mlp.c_proj.bias");
    Path file = temp.resolve("m.safetensors");
    TestModels.writeSparse(file, shapes, DType.F32);

    assertThatThrownBy(() -> Weights.open(file, MINIATURE_OPTIONS))
        .isInstanceOf(WeightsException.class)
        .hasMessageContaining("tensor visual.transformer.resblocks.0.mlp.c_proj.bias is missing");
  }

  @Test
  void namesTheFirstWeightThatIsNotFinite() {
    Map<String, long[]> shapes = TestModels.shapes(Sizes.MINIATURE);
    Map<String, float[]> data = TestModels.random(shapes, 1);
    data.get("visual.proj")[5] = Float.NaN;
    SafetensorsWriter writer = new SafetensorsWriter();
    data.forEach((name, floats) -> writer.floats(name, DType.F16, shapes.get(name), floats));
    Path file = temp.resolve("m.safetensors");
    writer.write(file);

    try (Weights weights = Weights.open(file, MINIATURE_OPTIONS)) {
      assertThatThrownBy(weights::requireFinite)
          .isInstanceOf(WeightsException.class)
          .hasMessageContaining("tensor visual.proj F16 [4, 3]: NaN at element 5");
    }
  }

  @Test
  void acceptsFiniteWeights() {
    try (Weights weights = openClip(GELU)) {
      weights.requireFinite();
    }
  }

  @Test
  void refusesToReadAfterClose() {
    Weights weights = openClip(GELU);
    weights.close();

    assertThatThrownBy(() -> weights.tensor("visual.proj").toFloats())
        .isInstanceOf(IllegalStateException.class)
        .hasMessageContaining("after close");
  }

  @Test
  void saysWhatIsExpectedWhereThereIsNothing() {
    assertThatThrownBy(() -> Weights.open(temp, WeightsOptions.none()))
        .isInstanceOf(WeightsException.class)
        .hasMessageContaining("no checkpoint (expected: open_clip_model.safetensors");
    assertThatThrownBy(() -> Weights.open(temp.resolve("gone.pt"), WeightsOptions.none()))
        .isInstanceOf(WeightsException.class)
        .hasMessageContaining("no such file");
  }

  @Test
  @EnabledOnOs(OS.LINUX)
  void letsGoOfFilesThatItRefuses() throws IOException {
    Path file = FIXTURES.resolve("negative").resolve("overlap.safetensors").toRealPath();
    Path archive = FIXTURES.resolve("negative").resolve("unknown_global.pt").toRealPath();

    for (Path refused : new Path[] {file, archive}) {
      assertThatThrownBy(() -> Weights.open(refused, WeightsOptions.none()))
          .isInstanceOf(WeightsException.class);
    }

    try (Stream<Path> open = Files.list(Path.of("/proc/self/fd"))) {
      assertThat(open.filter(Files::exists).map(WeightsTest::target)).doesNotContain(file, archive);
    }
    assertThat(Files.readString(Path.of("/proc/self/maps"))).doesNotContain("/negative/");
  }

  private static Path target(Path link) {
    try {
      return link.toRealPath();
    } catch (IOException e) {
      return link;
    }
  }
}
