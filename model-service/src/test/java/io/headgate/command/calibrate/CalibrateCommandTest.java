package io.headgate.command.calibrate;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.headgate.calibration.Calibration;
import io.headgate.console.Console;
import java.awt.Color;
import java.awt.Graphics2D;
import java.awt.image.BufferedImage;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import javax.imageio.ImageIO;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

/** The commands as a user types them, on a golden model and drawn images. */
class CalibrateCommandTest {
  private static final ObjectMapper JSON = new ObjectMapper();
  private static final String MODEL = "src/test/resources/fixtures/tiny-quickgelu";

  /** Few images are enough: 10 % at 80 % confidence needs 54 at least. */
  private static final String[] LENIENT = {
    "--target-false-quarantine", "0.1", "--confidence", "0.8"
  };

  @TempDir private static Path shared;
  private static Path images;
  private static Path calibration;

  @TempDir private Path folder;
  private String out = "";
  private String err = "";

  @BeforeAll
  static void drawAndCalibrate() throws IOException {
    images = shared.resolve("images");
    draw(images, 120, 1);
    calibration = shared.resolve("calibration.json");
    CalibrateCommandTest test = new CalibrateCommandTest();
    assertThat(test.calibrate("--images", images.toString(), "--out", calibration.toString()))
        .as(test.err)
        .isZero();
  }

  private static void draw(Path folder, int count, long seed) throws IOException {
    Files.createDirectories(folder);
    Random random = new Random(seed);
    for (int i = 0; i < count; i++) {
      BufferedImage image = new BufferedImage(40, 40, BufferedImage.TYPE_INT_RGB);
      Graphics2D g = image.createGraphics();
      for (int shape = 0; shape < 12; shape++) {
        g.setColor(new Color(random.nextInt(1 << 24)));
        g.fillOval(random.nextInt(40), random.nextInt(40), random.nextInt(30), random.nextInt(30));
      }
      g.dispose();
      ImageIO.write(image, "png", folder.resolve("%04d.png".formatted(i)).toFile());
    }
  }

  private int calibrate(String... args) {
    List<String> all = new ArrayList<>(List.of("--model", MODEL));
    all.addAll(List.of(LENIENT));
    all.addAll(List.of(args));
    return run(all.toArray(String[]::new));
  }

  private int run(String... args) {
    StringWriter o = new StringWriter();
    StringWriter e = new StringWriter();
    CommandLine command = Console.configure(new CommandLine(new CalibrateCommand()));
    command.setOut(new PrintWriter(o));
    command.setErr(new PrintWriter(e));
    int code = command.execute(args);
    out = o.toString();
    err = e.toString();
    return code;
  }

  private JsonNode json() throws IOException {
    return JSON.readTree(out);
  }

  private String target() {
    return folder.resolve("c.json").toString();
  }

  @Test
  void calibratesOnAFolderAndReportsWhatItMeasured() throws IOException {
    int code = calibrate("--images", images.toString(), "--out", target(), "--json");

    assertThat(code).as(err).isZero();
    assertThat(json().path("images").asInt()).isEqualTo(120);
    assertThat(json().path("heldOut").asInt()).isEqualTo(36);
    assertThat(json().path("flagRateUpper").asDouble())
        .isGreaterThanOrEqualTo(json().path("flagRate").asDouble());
    Calibration written = Calibration.load(folder.resolve("c.json"));
    assertThat(written.id()).isEqualTo(json().path("id").asText());
    assertThat(folder.resolve("c.safetensors")).exists();
    assertThat(folder.resolve("c.json.checkpoint")).doesNotExist();
  }

  @Test
  void theSameImagesMakeTheSameNumbers() {
    calibrate("--images", images.toString(), "--out", target());

    Calibration again = Calibration.load(folder.resolve("c.json"));
    Calibration first = Calibration.load(calibration);
    assertThat(again.detectors().threshold()).isEqualTo(first.detectors().threshold());
    assertThat(again.measured()).isEqualTo(first.measured());
  }

  @Test
  void corruptFilesAmongGoodOnesAreSkippedCountedAndListed() throws IOException {
    Path mixed = folder.resolve("mixed");
    draw(mixed, 60, 2);
    Files.writeString(mixed.resolve("broken.png"), "no image");
    Files.write(mixed.resolve("empty.jpg"), new byte[0]);
    byte[] good = Files.readAllBytes(mixed.resolve("0000.png"));
    Files.write(mixed.resolve("cut.png"), Arrays.copyOf(good, good.length / 2));
    Files.write(mixed.resolve("copy.png"), good);

    int code = calibrate("--images", mixed.toString(), "--out", target());

    assertThat(code).as(err).isZero();
    assertThat(out)
        .contains("60 used", "4 skipped", "broken.png: ", "empty.jpg: ", "cut.png: ")
        .contains("the same picture as one before");
    assertThat(Calibration.load(folder.resolve("c.json")).content().images().skipped()).hasSize(4);
  }

  @Test
  void excludedImagesAreNotUsed() throws IOException {
    Path list = folder.resolve("exclude.tsv");
    Files.writeString(list, "# image\tscore\n0003.png\t9.1\tcat\n0007.png\n\n");

    calibrate("--images", images.toString(), "--exclude", list.toString(), "--out", target());

    assertThat(out).contains("118 used");
  }

  @Test
  void emptyMissingAndTinyFoldersAreRefused() throws IOException {
    Path empty = Files.createDirectory(folder.resolve("empty"));
    Path tiny = folder.resolve("tiny");
    draw(tiny, 5, 3);

    assertThat(calibrate("--images", empty.toString(), "--out", target())).isEqualTo(1);
    assertThat(err).contains(empty.toString(), "no files");
    assertThat(calibrate("--images", "no/such", "--out", target())).isEqualTo(1);
    assertThat(err).contains("no/such: no such folder");
    assertThat(calibrate("--images", tiny.toString(), "--out", target())).isEqualTo(1);
    assertThat(err).contains("offered: 5", "needs at least 54", "--target-false-quarantine");
    assertThat(folder.resolve("c.json")).doesNotExist();
  }

  @Test
  void identicalImagesAreRefused() throws IOException {
    Path copies = folder.resolve("copies");
    draw(copies, 1, 4);
    for (int i = 1; i < 60; i++) {
      Files.copy(copies.resolve("0000.png"), copies.resolve("copy%d.png".formatted(i)));
    }

    assertThat(calibrate("--images", copies.toString(), "--out", target())).isEqualTo(1);
    assertThat(err).contains("59 of 60 skipped: 59 the same as another");
  }

  @ParameterizedTest
  @ValueSource(strings = {"0", "1", "-0.1", "1.5", "NaN", "much"})
  void targetsThatAreNoRatesAreUsageErrors(String rate) {
    int code =
        run(
            "--model",
            MODEL,
            "--images",
            images.toString(),
            "--out",
            target(),
            "--target-false-quarantine",
            rate);

    assertThat(code).isEqualTo(2);
    assertThat(err).contains(rate);
  }

  @Test
  void aCommandLineThatLacksSomethingIsAUsageError() {
    assertThat(run("--images", "x", "--out", "y")).isEqualTo(2);
    assertThat(err).contains("--model");
    assertThat(calibrate("--out", target())).isEqualTo(2);
    assertThat(err).contains("--images", "--topic");
    assertThat(calibrate("--images", "x", "--topic", "y", "--out", target())).isEqualTo(2);
    assertThat(calibrate("--images", images.toString())).isEqualTo(2);
    assertThat(err).contains("--out");
    assertThat(calibrate("--images", "x", "--from", "24h", "--out", target())).isEqualTo(2);
    assertThat(err).contains("--topic");
    assertThat(calibrate("--images", images.toString(), "--out", target(), "--policy", "magic"))
        .isNotZero();
    assertThat(err).contains("prune, paper, attribution or none");
  }

  @Test
  void signsAndVerifies() {
    String key = folder.resolve("key.pem").toString();
    assertThat(run("keygen", "--out", key)).isZero();
    assertThat(run("keygen", "--out", key)).isEqualTo(1);
    assertThat(run("keygen", "--out", folder.resolve("other.pem").toString())).isZero();
    assertThat(
            calibrate(
                "--images",
                images.toString(),
                "--out",
                target(),
                "--sign-key",
                key,
                "--valid-days",
                "30"))
        .isZero();

    assertThat(run("verify", "--calibration", target(), "--calibration-key", key + ".pub"))
        .isZero();
    assertThat(out).contains("intact", "signed by");
    assertThat(
            run(
                "verify",
                "--calibration",
                target(),
                "--calibration-key",
                folder.resolve("other.pem.pub").toString()))
        .isEqualTo(1);
    assertThat(err).contains("not from the configured public key");
    assertThat(
            run(
                "verify",
                "--calibration",
                calibration.toString(),
                "--calibration-key",
                key + ".pub"))
        .isEqualTo(1);
    assertThat(err).contains("is not signed");
  }

  @Test
  void signsACalibrationAfterwards() {
    String key = folder.resolve("key.pem").toString();
    run("keygen", "--out", key);
    Calibration.load(calibration).save(folder.resolve("c.json"));

    assertThat(run("sign", target(), "--sign-key", key)).isZero();

    assertThat(run("verify", "--calibration", target(), "--calibration-key", key + ".pub"))
        .isZero();
    assertThat(Calibration.load(folder.resolve("c.json"))).isEqualTo(Calibration.load(calibration));
  }

  @Test
  void publishesNothingThatTheServicesWouldRefuse() {
    String key = folder.resolve("key.pem").toString();
    run("keygen", "--out", key);

    assertThat(run("publish", calibration.toString(), "--calibration-key", key + ".pub"))
        .isEqualTo(1);

    assertThat(err).contains("is not signed");
    assertThat(run("publish", folder.resolve("none.json").toString())).isEqualTo(1);
    assertThat(err).contains("none.json");
  }

  @Test
  void verifySaysWhetherRecentImagesStillFit() throws IOException {
    Path alike = folder.resolve("alike");
    draw(alike, 80, 99);
    Path other = folder.resolve("other");
    Files.createDirectories(other);
    Random random = new Random(6);
    for (int i = 0; i < 80; i++) { // one flat colour each: nothing like the drawings
      BufferedImage image = new BufferedImage(40, 40, BufferedImage.TYPE_INT_RGB);
      Graphics2D g = image.createGraphics();
      g.setColor(new Color(random.nextInt(1 << 24)));
      g.fillRect(0, 0, 40, 40);
      g.dispose();
      ImageIO.write(image, "png", other.resolve(i + ".png").toFile());
    }

    int fits = verify(alike);
    assertThat(json().path("fits").asBoolean()).as(out).isTrue();
    assertThat(fits).isZero();
    int drifted = verify(other);
    assertThat(json().path("fits").asBoolean()).isFalse();
    assertThat(json().path("detectors")).anyMatch(d -> d.path("drifted").asBoolean());
    assertThat(drifted).isEqualTo(1);
  }

  private int verify(Path recent) {
    return run(
        "verify",
        "--calibration",
        calibration.toString(),
        "--model",
        MODEL,
        "--images",
        recent.toString(),
        "--json");
  }

  @Test
  void verifyRefusesWhatItCannotCompare() throws IOException {
    Path few = folder.resolve("few");
    draw(few, 3, 5);

    assertThat(verify(few)).isEqualTo(1);
    assertThat(err).contains("3 to compare", "at least 20");
    assertThat(verify(images)).isEqualTo(1);
    assertThat(err).contains("0 to compare, 120 that it was calibrated on");
    assertThat(run("verify", "--calibration", calibration.toString(), "--images", few.toString()))
        .isEqualTo(2);
    assertThat(
            run(
                "verify",
                "--calibration",
                calibration.toString(),
                "--model",
                "src/test/resources/fixtures/tiny-gelu/open_clip_model.safetensors"))
        .isEqualTo(1);
    assertThat(err).contains("was made for model", "but this model is");
  }

  @Test
  void diffComparesAndShadows() throws IOException {
    Path recent = folder.resolve("recent");
    draw(recent, 40, 12);
    assertThat(
            run(
                "--model",
                MODEL,
                "--target-false-quarantine",
                "0.5",
                "--confidence",
                "0.8",
                "--images",
                images.toString(),
                "--out",
                target()))
        .as(err)
        .isZero();

    int code =
        run(
            "diff",
            calibration.toString(),
            target(),
            "--model",
            MODEL,
            "--images",
            recent.toString(),
            "--policy",
            "none",
            "--json");

    assertThat(code).as(err).isZero();
    assertThat(json().path("same").asBoolean()).isFalse();
    assertThat(json().path("changes")).anyMatch(c -> c.path("what").asText().contains("target"));
    assertThat(json().at("/images/both").asInt()).isEqualTo(120);
    assertThat(json().at("/shadow/images").asInt()).isEqualTo(40);
    assertThat(json().at("/shadow/changed").asInt()).isPositive();
    assertThat(json().at("/shadow/changedImages"))
        .hasSize(json().at("/shadow/changed").asInt())
        .allMatch(c -> c.path("from").asText().equals("clean"));
    assertThat(run("diff", calibration.toString(), calibration.toString())).isZero();
    assertThat(out).contains("the calibrations are the same");
    assertThat(run("diff", calibration.toString(), target(), "--model", MODEL)).isEqualTo(2);
  }

  @Test
  void aDamagedCheckpointIsSaidAndNotUsed() throws IOException {
    Path checkpoint = folder.resolve("c.json.checkpoint");
    Files.writeString(checkpoint, "half written");

    assertThat(calibrate("--images", images.toString(), "--out", target())).isZero();

    assertThat(err).contains("is damaged: starting from the beginning");
    assertThat(checkpoint).doesNotExist();
  }

  @Test
  void theHelpNamesEverySubcommand() {
    assertThat(run("--help")).isZero();
    assertThat(out)
        .contains(
            "verify", "diff", "keygen", "sign", "publish", "--topic", "--publish", "Examples");
  }
}
