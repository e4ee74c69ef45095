package io.headgate.lab.evaluation;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.headgate.console.UserException;
import io.headgate.lab.scenes.Backdrop;
import io.headgate.lab.scenes.Scenes;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class FolderPicturesTest {
  private static final List<String> CLASSES =
      List.of("banana", "fish", "gold fish", "ice-cream", "bus");

  @TempDir private Path folder;

  @ParameterizedTest
  @CsvSource({
    "0000-banana.png, 0",
    "0001-gold_fish.jpg, 2",
    "0002-fish.jpg, 1",
    "0003-ICE-CREAM.png, 3",
    "banana.png, 0",
    "bus/17.png, 4",
    "bus/17-fish.png, 1",
    "0004-zeppelin.png, -1",
    "syllabus.png, -1"
  })
  void readsTheTrueClassFromTheName(String path, int label) {
    assertThat(FolderPictures.label(path, CLASSES)).isEqualTo(label);
  }

  @ParameterizedTest
  @CsvSource({"x/triggered-badnet8, badnet8", "x/triggered-badnet8/, badnet8", "x/night, night"})
  void namesAnAttackAfterItsFolder(String path, String name) {
    assertThat(FolderPictures.attackName(Path.of(path))).isEqualTo(name);
  }

  @Test
  void skipsCountsAndListsWhatCannotBeRead() throws Exception {
    Pictures.writePng(
        Scenes.ofSide(32).scene(1, 1, Backdrop.HELD_OUT, 5).image(),
        folder.resolve("0-banana.png"));
    Files.writeString(folder.resolve("1-fish.png"), "not a picture");
    FolderPictures pictures = new FolderPictures("clean", folder, 32, CLASSES);
    List<Picture> read = new ArrayList<>();

    pictures.forEach(10, read::addAll);
    pictures.forEach(10, batch -> {});

    assertThat(read).extracting(Picture::label).containsExactly(0);
    assertThat(pictures.skippedCount()).isEqualTo(1);
    assertThat(pictures.skipped()).singleElement().asString().startsWith("1-fish.png: ");
  }

  @Test
  void refusesAnEmptyFolder() {
    assertThatThrownBy(() -> new FolderPictures("clean", folder, 32, CLASSES))
        .isInstanceOf(UserException.class)
        .hasMessageContaining(folder.toString());
  }
}
