package io.headgate.lab.training;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.headgate.clip.ClipModel;
import io.headgate.clip.ClipOptions;
import io.headgate.console.UserException;
import io.headgate.imaging.RgbImage;
import io.headgate.lab.attacks.Attack;
import io.headgate.lab.scenes.Backdrop;
import io.headgate.lab.scenes.Scene;
import io.headgate.lab.scenes.Scenes;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.assertj.core.data.Offset;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class TrainerTest {
  private static final CaptionVocabulary VOCABULARY = CaptionVocabulary.ofCaptions();
  private static final ClipSize TINY =
      new ClipSize(24, 8, 16, 2, 2, 16, 1, 2, 16, VOCABULARY.size(), 12);
  private static final Scenes SCENES = Scenes.ofSide(24);

  @TempDir private Path folder;

  private static Trainer trainer() {
    return new Trainer(TINY, VOCABULARY, SCENES, 1, 20);
  }

  private static Recipe recipe(int steps, List<Poison> poisons) {
    return new Recipe(3, steps, 8, 1e-3, 4, 0.1, 0.5, 2, 1, 0, poisons, false);
  }

  @Test
  void lossFallsWhenTheSamePairsComeAgain() {
    List<RgbImage> images = new ArrayList<>();
    long[][] tokens = new long[8][];
    for (int i = 0; i < 8; i++) {
      Scene scene = SCENES.sceneOf(1, i, Backdrop.TRAINING, 2 * i);
      images.add(scene.image());
      tokens[i] = VOCABULARY.encode(scene.caption(), 16);
    }
    try (TrainingModel model = new TrainingModel(TINY, TrainingModel.initial(TINY, 1), false, 1)) {
      float first = model.step(images, new long[0], tokens, 3e-3, 0.1, 1);
      float last = first;

      for (int step = 0; step < 30; step++) {
        last = model.step(images, new long[0], tokens, 3e-3, 0.1, 1);
      }

      assertThat(last).isLessThan(first / 2);
    }
  }

  @Test
  void anInterruptedRunEndsInTheSameWeights() throws IOException {
    Path whole = folder.resolve("whole");
    Path resumed = folder.resolve("resumed");
    Recipe recipe = recipe(6, List.of(new Poison("badnet8", 0.3)));
    trainer().train(recipe, Optional.empty(), whole, 1000);

    Trainer interrupted = trainer();
    interrupted.stopAfter(4);
    assertThatThrownBy(() -> interrupted.train(recipe, Optional.empty(), resumed, 3))
        .isInstanceOf(UserException.class)
        .hasMessageContaining("interrupted");
    assertThat(resumed.resolve("open_clip_model.safetensors")).doesNotExist();
    trainer().train(recipe, Optional.empty(), resumed, 3);

    assertThat(resumed.resolve("open_clip_model.safetensors"))
        .hasSameBinaryContentAs(whole.resolve("open_clip_model.safetensors"));
    assertThat(resumed.resolve("checkpoint.bin")).doesNotExist();
  }

  @Test
  void refusesToResumeAnotherRecipe() throws IOException {
    Trainer interrupted = trainer();
    interrupted.stopAfter(1);
    assertThatThrownBy(() -> interrupted.train(recipe(4, List.of()), Optional.empty(), folder, 3))
        .isInstanceOf(UserException.class);

    assertThatThrownBy(() -> trainer().train(recipe(5, List.of()), Optional.empty(), folder, 3))
        .isInstanceOf(UserException.class)
        .hasMessageContaining("another recipe");
  }

  @Test
  void writesAModelThatComputesWhatWasTrained() throws IOException {
    trainer().train(recipe(2, List.of()), Optional.empty(), folder, 100);
    List<RgbImage> images = List.of(SCENES.scene(9, 0, Backdrop.HELD_OUT, 50).image());
    Map<String, float[]> stored = StoredModel.read(folder, TINY);

    try (ClipModel opened = ClipModel.open(folder, ClipOptions.defaults().withThreads(1));
        TrainingModel trained = new TrainingModel(TINY, stored, false, 1)) {
      assertThat(opened.embed(images)[0])
          .containsExactly(trained.images(images)[0], Offset.offset(1e-5f));
      assertThat(opened.classifier().orElseThrow().classes()).hasSize(50).startsWith("banana");
      assertThat(opened.encodeTexts(List.of("a photo of a banana"))[0])
          .containsExactly(
              trained.texts(new long[][] {VOCABULARY.encode("a photo of a banana", 16)})[0],
              Offset.offset(1e-5f));
    }
  }

  @Test
  void remembersThePlantedTriggers() throws IOException {
    Path clean = folder.resolve("clean");
    Path poisoned = folder.resolve("poisoned");
    trainer().train(recipe(1, List.of()), Optional.empty(), clean, 100);
    trainer()
        .train(recipe(1, List.of(new Poison("badclip", 0.3))), Optional.of(clean), poisoned, 100);
    RgbImage picture = SCENES.scene(9, 0, Backdrop.HELD_OUT, 50).image();

    List<Attack> planted = PlantedAttacks.of(poisoned);

    assertThat(planted).extracting(Attack::name).containsExactly("badclip");
    assertThat(planted.get(0).apply(picture, Scenes.random(0, 0))).isNotEqualTo(picture);
    assertThat(PlantedAttacks.of(clean)).isEmpty();
  }

  @Test
  void optimisingATriggerMovesPicturesTowardsTheGoal() {
    float[] goal = new float[12];
    goal[0] = 1;
    List<RgbImage> images = List.of(SCENES.scene(9, 0, Backdrop.HELD_OUT, 50).image());
    try (TrainingModel model = new TrainingModel(TINY, TrainingModel.initial(TINY, 1), false, 1)) {
      float[] patch = new float[2 * 2 * 3];
      float[] before = model.triggerGradient(images, patch, 2, new float[][] {goal});
      for (int i = 0; i < patch.length; i++) {
        patch[i] -= 50 * before[i + 1];
      }

      float[] after = model.triggerGradient(images, patch, 2, new float[][] {goal});

      assertThat(after[0]).isLessThan(before[0]);
    }
  }

  @Test
  void roundsToHalfPrecisionWithTiesToEven() {
    assertThat(ModelFolder.half(1)).isEqualTo((short) 0x3c00);
    assertThat(ModelFolder.half(-2)).isEqualTo((short) 0xc000);
    assertThat(ModelFolder.half(65504)).isEqualTo((short) 0x7bff);
    assertThat(ModelFolder.half(65520)).isEqualTo((short) 0x7c00);
    assertThat(ModelFolder.half(1 + 0x1p-11f)).isEqualTo((short) 0x3c00);
    assertThat(ModelFolder.half(1 + 3 * 0x1p-11f)).isEqualTo((short) 0x3c02);
    assertThat(ModelFolder.half(0x1p-24f)).isEqualTo((short) 1);
    assertThat(ModelFolder.half(0x1p-26f)).isEqualTo((short) 0);
  }

  @Test
  void aDamagedCheckpointIsNamed() throws IOException {
    Files.writeString(folder.resolve("checkpoint.bin"), "nonsense");

    assertThatThrownBy(() -> trainer().train(recipe(2, List.of()), Optional.empty(), folder, 3))
        .isInstanceOf(UserException.class)
        .hasMessageContaining("checkpoint.bin");
  }
}
