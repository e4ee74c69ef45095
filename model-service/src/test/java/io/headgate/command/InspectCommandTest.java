package io.headgate.command;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.headgate.console.Console;
import io.headgate.weights.Safetensors;
import io.headgate.weights.SafetensorsWriter;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine;

/** {@code headgate inspect} as a user runs it. */
class InspectCommandTest {
  private static final ObjectMapper JSON = new ObjectMapper();

  @TempDir private Path folder;

  private record Run(int exit, String out, String err) {
    JsonNode json() throws IOException {
      return JSON.readTree(out);
    }
  }

  @ParameterizedTest
  @CsvSource({
    "tiny-quickgelu, open_clip_model.safetensors, ,",
    "tiny-quickgelu, model.safetensors, ,",
    "tiny-quickgelu, checkpoint.pt, quick_gelu, 4",
    "tiny-gelu, open_clip_model.safetensors, ,",
    "tiny-gelu, model.safetensors, ,",
    "tiny-gelu, checkpoint.pt, gelu, 3",
    "tiny-gelu, checkpoint_views.pt, gelu, 3",
  })
  void writesThePartsOfTheGoldenImages(String model, String file, String activation, String heads)
      throws Exception {
    Path golden = fixture(model + "/golden.safetensors");
    Path parts = folder.resolve("parts.safetensors");
    List<String> arguments =
        new ArrayList<>(
            List.of(
                "--model",
                fixture(model + "/" + file).toString(),
                "--pixel-values",
                golden.toString(),
                "--parts",
                parts.toString(),
                "--json"));
    if (activation != null) {
      arguments.addAll(List.of("--activation", activation, "--heads", heads));
    }

    Run run = inspect(arguments.toArray(String[]::new));

    assertThat(run.exit()).as(run.err()).isEqualTo(Console.OK);
    assertThat(run.json().path("images").asInt()).isEqualTo(6);
    assertThat(run.json().path("weightsHash").asText()).hasSize(64);
    try (Safetensors is = Safetensors.open(parts);
        Safetensors expected = Safetensors.open(golden)) {
      assertThat(is.names())
          .containsExactlyInAnyOrder("image_embeds", "heads", "mlps", "token_maps");
      assertSame(is, "image_embeds", expected, "image_embeds", 1e-5);
      assertSame(is, "heads", expected, "attn", 1e-5);
      assertSame(is, "mlps", expected, "mlp", 1e-5);
      assertSame(is, "token_maps", expected, "token_maps", 2e-5);
      assertThat(is.metadata()).containsKeys("model_fingerprint", "weights_hash");
    }
  }

  @Test
  void asksForWhatACheckpointDoesNotSay() throws Exception {
    Run run =
        inspect(
            "--model",
            fixture("tiny-gelu/checkpoint.pt").toString(),
            "--pixel-values",
            fixture("tiny-gelu/golden.safetensors").toString(),
            "--parts",
            folder.resolve("parts.safetensors").toString());

    assertThat(run.exit()).isEqualTo(Console.FAILED);
    assertThat(run.err()).contains("--activation").contains("--heads").contains("width 48");
  }

  @Test
  void refusesPixelValuesThatAreNoNumbers() throws Exception {
    Path in = folder.resolve("in.safetensors");
    float[] values = new float[2 * 3 * 48 * 48];
    values[3 * 48 * 48 + 5] = Float.NaN;
    new SafetensorsWriter().floats("pixel_values", new long[] {2, 3, 48, 48}, values).write(in);

    Run run =
        inspect(
            "--model",
            fixture("tiny-gelu").toString(),
            "--pixel-values",
            in.toString(),
            "--parts",
            folder.resolve("parts.safetensors").toString());

    assertThat(run.exit()).isEqualTo(Console.FAILED);
    assertThat(run.err()).contains("pixel_values of image 1: NaN at element 5");
  }

  @Test
  void writesCropsUnderTheFilesNamesWithoutExtension() throws Exception {
    BufferedImage image = new BufferedImage(2, 2, BufferedImage.TYPE_INT_RGB);
    image.setRGB(0, 0, 0x010203);
    image.setRGB(1, 0, 0x040506);
    image.setRGB(0, 1, 0x070809);
    image.setRGB(1, 1, 0x0a0b0c);
    Path png = folder.resolve("small.v1.png");
    ImageIO.write(image, "png", png.toFile());
    Path crops = folder.resolve("crops.safetensors");

    Run run = inspect("--crops", crops.toString(), "--crop-size", "2", png.toString());

    assertThat(run.exit()).as(run.err()).isEqualTo(Console.OK);
    try (Safetensors is = Safetensors.open(crops)) {
      assertThat(is.names()).containsExactly("small.v1");
      assertThat(is.shape("small.v1")).containsExactly(3, 2, 2);
      assertThat(is.readBytes("small.v1")).containsExactly(1, 4, 7, 10, 2, 5, 8, 11, 3, 6, 9, 12);
    }
  }

  @Test
  void writesTheGoodCropsAndNamesTheBadFiles() throws Exception {
    Path bad = folder.resolve("bad.jpg");
    Files.write(bad, new byte[] {(byte) 0xff, (byte) 0xd8, 0});
    Path gif = animatedGif();
    Path crops = folder.resolve("crops.safetensors");

    Run run =
        inspect("--crops", crops.toString(), bad.toString(), gif.toString(), folder.toString());

    assertThat(run.exit()).isEqualTo(Console.FAILED);
    assertThat(run.err())
        .contains("bad.jpg: ")
        .contains("two.gif: animated, the first of 2 frames is taken")
        .contains("a folder");
    assertThat(run.out()).contains("1 crops, 2 refused");
    try (Safetensors is = Safetensors.open(crops)) {
      assertThat(is.names()).containsExactly("two");
    }
  }

  @Test
  void refusesTwoFilesOfOneKey() throws Exception {
    Path gif = animatedGif();

    Run run =
        inspect("--crops", folder.resolve("crops").toString(), gif.toString(), gif.toString());

    assertThat(run.exit()).isEqualTo(Console.FAILED);
    assertThat(run.err()).contains("both would be key two");
  }

  @Test
  void printsIdsOfTexts() throws Exception {
    Run run =
        inspect(
            "--vocab",
            fixture("tokenizer/bpe_simple_vocab_16e6.txt.gz").toString(),
            "--text",
            "a photo of a cat.",
            "--text",
            "",
            "--json");

    assertThat(run.exit()).as(run.err()).isEqualTo(Console.OK);
    assertThat(run.json())
        .isEqualTo(
            JSON.readTree(
                """
                [{"text": "a photo of a cat.", "ids": [49406,320,1125,539,320,2368,269,49407]},
                 {"text": "", "ids": [49406,49407]}]
                """));
  }

  @Test
  void printsUnitEmbeddingsOfTexts() throws Exception {
    JsonNode golden = JSON.readTree(fixture("tiny-quickgelu/golden.json").toFile());
    List<String> arguments =
        new ArrayList<>(List.of("--model", fixture("tiny-quickgelu").toString(), "--json"));
    golden.path("prompts").forEach(p -> arguments.addAll(List.of("--text", p.asText())));

    Run run = inspect(arguments.toArray(String[]::new));

    assertThat(run.exit()).as(run.err()).isEqualTo(Console.OK);
    try (Safetensors expected = Safetensors.open(fixture("tiny-quickgelu/golden.safetensors"))) {
      float[] texts = expected.readFloats("text_embeds");
      int d = texts.length / run.json().size();
      for (int i = 0; i < texts.length; i++) {
        assertThat(run.json().path(i / d).path("embedding").path(i % d).asDouble())
            .isCloseTo(texts[i], within(1e-5));
      }
    }
  }

  @Test
  void refusesAVocabularyLargerThanTheTextTower() throws Exception {
    Path vocabulary = fixture("tokenizer/bpe_simple_vocab_16e6.txt.gz");

    Run run =
        inspect(
            "--model", fixture("tiny-gelu").toString(),
            "--vocab", vocabulary.toString(),
            "--text", "a");

    assertThat(run.exit()).isEqualTo(Console.FAILED);
    assertThat(run.err()).contains(vocabulary.toString()).contains("49,408").contains("512");
  }

  @Test
  void saysThatOnlyTheFirstFrameOfAnAnimationIsSeen() throws Exception {
    Path gif = animatedGif();
    String model = fixture("tiny-quickgelu").toString();

    Run text = inspect("--model", model, gif.toString());
    Run json = inspect("--model", model, gif.toString(), "--json");

    assertThat(text.exit()).as(text.err()).isEqualTo(Console.OK);
    assertThat(text.out()).contains("animated   the first of 2 frames");
    assertThat(json.json().path(0).path("frames").asInt()).isEqualTo(2);
  }

  @Test
  void goesOnAfterARefusedImage() throws Exception {
    Path bad = folder.resolve("bad.png");
    Files.writeString(bad, "no picture");

    Run run =
        inspect(
            "--model",
            fixture("tiny-quickgelu").toString(),
            bad.toString(),
            animatedGif().toString(),
            "--json");

    assertThat(run.exit()).isEqualTo(Console.FAILED);
    assertThat(run.json().path(0).path("error").path("code").asText()).isEqualTo("NOT_AN_IMAGE");
    assertThat(run.json().path(1).has("labels")).isTrue();
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "''                               | nothing to inspect",
        "--parts out                      | belong together",
        "--crops out                      | --crops without an IMAGE",
        "--vocab merges.txt a.png         | --vocab without --text",
        "--text a b.png                   | more than one kind",
        "--crops out --crop-size 0 a.png  | --crop-size: 0",
        "--model m --top 0 a.png          | --top: 0",
      })
  void refusesACommandLineWithoutSense(String arguments, String problem) {
    Run run = inspect(arguments.isEmpty() ? new String[0] : arguments.split(" +"));

    assertThat(run.exit()).isEqualTo(Console.USAGE);
    assertThat(run.err()).contains(problem).contains("expected");
  }

  private Path animatedGif() throws IOException {
    String frame = "2c000000000100010000" + "0202440100";
    byte[] gif =
        HexFormat.of()
            .parseHex("474946383961" + "01000100800000" + "000000ffffff" + frame + frame + "3b");
    return Files.write(folder.resolve("two.gif"), gif);
  }

  private static void assertSame(
      Safetensors is, String name, Safetensors expected, String golden, double tolerance) {
    assertThat(is.shape(name)).isEqualTo(expected.shape(golden));
    float[] a = is.readFloats(name);
    float[] b = expected.readFloats(golden);
    for (int i = 0; i < a.length; i++) {
      assertThat((double) a[i]).as("%s[%d]", name, i).isCloseTo(b[i], within(tolerance));
    }
  }

  private static Run inspect(String... arguments) {
    StringWriter out = new StringWriter();
    StringWriter err = new StringWriter();
    CommandLine line =
        Console.configure(new CommandLine(new InspectCommand()))
            .setOut(new PrintWriter(out))
            .setErr(new PrintWriter(err));
    int exit = line.execute(arguments);
    return new Run(exit, out.toString(), err.toString());
  }

  private static Path fixture(String name) throws URISyntaxException {
    return Path.of(InspectCommandTest.class.getResource("/fixtures/" + name).toURI());
  }
}
