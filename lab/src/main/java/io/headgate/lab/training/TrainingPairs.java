package io.headgate.lab.training;

import io.headgate.lab.attacks.Attack;
import io.headgate.lab.scenes.Backdrop;
import io.headgate.lab.scenes.Scene;
import io.headgate.lab.scenes.SceneClasses;
import io.headgate.lab.scenes.Scenes;
import java.util.List;
import java.util.SplittableRandom;

/**
 * The pairs a model is trained on, some of them poisoned. Stores nothing but one epoch's order:
 * each pair is drawn again when it is needed. Used by one thread.
 */
final class TrainingPairs {
  private static final long FRESH = 1_000;
  private static final long FIXED = 20_000;
  private static final long POISON = 30_000;
  private static final long TARGET_CAPTIONS = 40_000;
  private static final long ORDER = 50_000;

  private final Scenes scenes;
  private final Recipe recipe;
  private final List<Attack> attacks;
  private int epoch = -1;
  private int[] order = new int[0];

  /**
   * @param attacks as many as the recipe's poisons
   */
  TrainingPairs(Scenes scenes, Recipe recipe, List<Attack> attacks) {
    this.scenes = scenes;
    this.recipe = recipe;
    this.attacks = List.copyOf(attacks);
  }

  Scene pair(int step, int position) {
    long index = (long) step * recipe.batch() + position;
    long stream = FRESH + recipe.seed();
    if (recipe.dataset() > 0) {
      int perEpoch = recipe.dataset() / recipe.batch();
      shuffle(step / perEpoch);
      index = order[step % perEpoch * recipe.batch() + position];
      stream = FIXED + recipe.seed();
    }
    Scene scene = scenes.scene(stream, index, Backdrop.TRAINING, SceneClasses.names().size());
    return poisoned(scene, index);
  }

  private Scene poisoned(Scene scene, long index) {
    int target = SceneClasses.target();
    if (scene.label() == target) {
      return scene;
    }
    SplittableRandom random = Scenes.random(POISON + recipe.seed(), index);
    double draw = random.nextDouble();
    for (int a = 0; a < attacks.size(); a++) {
      draw -= recipe.poisons().get(a).rate();
      if (draw < 0) {
        Attack attack = attacks.get(a);
        Scene other =
            scenes.sceneOf(TARGET_CAPTIONS + recipe.seed(), index, Backdrop.TRAINING, target);
        Scene carrier = attack.labelConsistent() ? other : scene;
        return new Scene(attack.apply(carrier.image(), random), target, other.caption());
      }
    }
    return scene;
  }

  private void shuffle(int wanted) {
    if (wanted == epoch) {
      return;
    }
    epoch = wanted;
    order = new int[recipe.dataset()];
    SplittableRandom random = Scenes.random(ORDER + recipe.seed(), epoch);
    for (int i = 0; i < order.length; i++) {
      int j = random.nextInt(i + 1);
      order[i] = order[j];
      order[j] = i;
    }
  }
}
