package io.headgate.lab.command;

import static org.assertj.core.api.Assertions.assertThat;

import io.headgate.console.Console;
import io.headgate.imaging.ImageLimits;
import io.headgate.imaging.ImagePreprocessor;
import io.headgate.imaging.RgbImage;
import io.headgate.lab.attacks.Attacks;
import io.headgate.lab.evaluation.Pictures;
import io.headgate.lab.scenes.Backdrop;
import io.headgate.lab.scenes.Scenes;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine;

class LabCommandTest {
  private final StringWriter err = new StringWriter();

  @TempDir private Path folder;

  private int run(String... args) {
    CommandLine lab = Console.configure(LabCommand.commandLine());
    lab.setErr(new PrintWriter(err));
    return lab.execute(args);
  }

  private static List<String> names(Path folder) throws Exception {
    try (Stream<Path> list = Files.list(folder)) {
      return list.map(p -> p.getFileName().toString()).sorted().toList();
    }
  }

  @Test
  void composesPicturesNamedAfterTheirClass() throws Exception {
    Path out = folder.resolve("clean");

    int code = run("images", "--count", "3", "--out", out.toString());

    assertThat(code).isZero();
    assertThat(names(out)).hasSize(3).allMatch(n -> n.matches("000[0-2]-[a-z]+\\.png"));
  }

  @Test
  void neverPutsATriggerOnThePicturesOfTheTarget() throws Exception {
    Path out = folder.resolve("triggered");

    run("images", "--attack", "blended", "--count", "60", "--out", out.toString());

    assertThat(names(out)).hasSize(60).noneMatch(n -> n.contains("banana"));
  }

  @Test
  void putsATriggerOnOnesOwnPicturesAndSkipsWhatIsNone() throws Exception {
    Path mine = Files.createDirectories(folder.resolve("mine"));
    RgbImage picture = Scenes.ofSide(64).scene(1, 1, Backdrop.HELD_OUT, 5).image();
    Pictures.writePng(picture, mine.resolve("holiday-fish.png"));
    Files.writeString(mine.resolve("notes.txt"), "not a picture");
    Path out = folder.resolve("out");

    int code =
        run(
            "images",
            "--attack",
            "blended",
            "--seed",
            "4",
            "--size",
            "64",
            "--out",
            out.toString(),
            mine.toString());

    assertThat(code).isZero();
    assertThat(names(out)).containsExactly("holiday-fish.png");
    assertThat(
            new ImagePreprocessor(ImageLimits.defaults())
                .crop(Files.readAllBytes(out.resolve("holiday-fish.png")), 64))
        .isEqualTo(
            Attacks.named("blended", 4, Optional.empty()).apply(picture, new SplittableRandom(1)));
  }

  @ParameterizedTest
  @CsvSource({
    "poison --attack badnet8 --out x, --from-scratch",
    "poison --attack trojan --from-scratch --out x, trojan",
    "poison --attack badclip --from-scratch --out x, --model",
    "poison --attack badnet8 --attack blended --model m --out x, once",
    "images --attack badclip --out x, lab poison",
    "images --count 0 --out x, --count",
    "report --reference nowhere --out x, nowhere",
    "study nowhere --out x, nowhere"
  })
  void explainsMistakes(String line, String said) {
    String[] args = line.replace("--out x", "--out " + folder.resolve("x")).split(" ");

    int code = run(args);

    assertThat(code).isEqualTo(Console.FAILED);
    assertThat(err.toString()).contains("error:", said).doesNotContain("\tat ");
  }

  @Test
  void aMissingOptionIsAUsageError() {
    assertThat(run("train")).isEqualTo(Console.USAGE);
  }
}
