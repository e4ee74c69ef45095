package io.headgate.lab.scenes;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.HashSet;
import java.util.Set;
import org.junit.jupiter.api.Test;

class ScenesTest {
  private final Scenes scenes = Scenes.ofSide(56);

  @Test
  void drawsTheSamePictureAgain() {
    Scene once = scenes.scene(7, 3, Backdrop.HELD_OUT, 50);

    Scene again = Scenes.ofSide(56).scene(7, 3, Backdrop.HELD_OUT, 50);

    assertThat(again).isEqualTo(once);
  }

  @Test
  void drawsDifferentPicturesForOtherIndicesAndStreams() {
    Set<Object> pictures = new HashSet<>();

    for (int stream = 0; stream < 4; stream++) {
      for (int index = 0; index < 25; index++) {
        pictures.add(scenes.scene(stream, index, Backdrop.TRAINING, 74).image());
      }
    }

    assertThat(pictures).hasSize(100);
  }

  @Test
  void showsTheClassAskedForAndSaysSo() {
    int guitar = SceneClasses.names().indexOf("guitar");

    Scene scene = scenes.sceneOf(1, 1, Backdrop.TRAINING, guitar);

    assertThat(scene.label()).isEqualTo(guitar);
    assertThat(scene.caption()).contains("guitar");
  }

  @Test
  void usesAllLevelsOfBrightness() {
    int[] histogram = new int[256];
    for (int i = 0; i < 20; i++) {
      for (byte b : scenes.scene(5, i, Backdrop.TRAINING, 74).image().rgb()) {
        histogram[b & 255]++;
      }
    }

    assertThat(histogram).doesNotContain(0);
  }

  @Test
  void putsAnBeforeAVowel() {
    assertThat(SceneClasses.caption("a photo of a {n}", "umbrella", "", "", ""))
        .isEqualTo("a photo of an umbrella");
    assertThat(SceneClasses.caption("a {s} {n} on a {c} background", "owl", "orange", "", "small"))
        .isEqualTo("a small owl on an orange background");
  }

  @Test
  void resamplesConstantsToConstantsAndKeepsAlignedCorners() {
    float[] flat = {0.3f, 0.3f, 0.3f, 0.3f};
    float[] corners = {1, 2, 3, 4};

    assertThat(Resample.bilinear(flat, 2, 7)).containsOnly(0.3f);
    float[] up = Resample.bicubic(corners, 2, 5, true);

    assertThat(new float[] {up[0], up[4], up[20], up[24]}).containsExactly(1, 2, 3, 4);
  }
}
