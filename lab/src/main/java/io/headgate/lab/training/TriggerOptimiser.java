package io.headgate.lab.training;

import io.headgate.imaging.RgbImage;
import io.headgate.lab.attacks.Patch;
import io.headgate.lab.scenes.Backdrop;
import io.headgate.lab.scenes.Scene;
import io.headgate.lab.scenes.SceneClasses;
import io.headgate.lab.scenes.Scenes;
import io.headgate.zeroshot.ZeroShotClassifier;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;

/**
 * BadCLIP's kind of trigger (Liang et al. 2024): a universal patch in the centre, moved by Adam
 * towards the target's text and image prototypes in a clean model that the attacker holds.
 */
final class TriggerOptimiser {
  private static final int STEPS = 80;
  private static final int BATCH = 64;
  private static final double RATE = 0.15;
  private static final long PICTURES = 60_000;
  private static final long TARGETS = 61_000;

  private TriggerOptimiser() {}

  /**
   * @param textGoal unit embedding of the target class's prompts
   */
  static Patch optimise(TrainingModel model, Scenes scenes, float[] textGoal, long seed) {
    int side = Math.max(1, scenes.side() / 14);
    List<RgbImage> targets = new ArrayList<>();
    for (int i = 0; i < 128; i++) {
      targets.add(
          scenes.sceneOf(TARGETS + seed, i, Backdrop.TRAINING, SceneClasses.target()).image());
    }
    float[] imageGoal = ZeroShotClassifier.unitMean(List.of(model.images(targets)));
    float[][] goals = {textGoal, imageGoal};

    SplittableRandom random = new SplittableRandom(4000 + seed);
    float[] z = new float[side * side * 3];
    for (int i = 0; i < z.length; i++) {
      z[i] = (float) random.nextGaussian();
    }
    double[] first = new double[z.length];
    double[] second = new double[z.length];
    for (int t = 1; t <= STEPS; t++) {
      List<RgbImage> batch = new ArrayList<>();
      for (int i = 0; i < BATCH; i++) {
        Scene scene =
            scenes.scene(
                PICTURES + seed,
                (long) t * BATCH + i,
                Backdrop.TRAINING,
                SceneClasses.names().size());
        batch.add(scene.image());
      }
      float[] gradient = model.triggerGradient(batch, z, side, goals);
      for (int i = 0; i < z.length; i++) {
        double g = gradient[i + 1];
        first[i] = 0.9 * first[i] + 0.1 * g;
        second[i] = 0.999 * second[i] + 0.001 * g * g;
        double m = first[i] / (1 - Math.pow(0.9, t));
        double v = second[i] / (1 - Math.pow(0.999, t));
        z[i] -= (float) (RATE * m / (Math.sqrt(v) + 1e-8));
      }
    }
    float[] rgb = new float[z.length];
    for (int i = 0; i < z.length; i++) {
      rgb[i] = Math.round(255 / (1 + Math.exp(-z[i]))) / 255f;
    }
    return new Patch(side, rgb);
  }
}
