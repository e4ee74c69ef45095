package io.headgate.lab.training;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.headgate.console.Progress;
import io.headgate.console.UserException;
import io.headgate.imaging.RgbImage;
import io.headgate.lab.attacks.Attack;
import io.headgate.lab.attacks.Attacks;
import io.headgate.lab.attacks.Patch;
import io.headgate.lab.scenes.Backdrop;
import io.headgate.lab.scenes.Scene;
import io.headgate.lab.scenes.SceneClasses;
import io.headgate.lab.scenes.Scenes;
import io.headgate.zeroshot.ZeroShotClassifier;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.SplittableRandom;

/**
 * Trains one model, clean or poisoned, from scratch or from a clean model, and writes it as a model
 * folder. Interrupted, it goes on from its last checkpoint to the same weights.
 */
public final class Trainer {
  private static final long TEST = 777;
  private static final long TRIGGERS = 60_500;
  private static final int CHUNK = 125;

  private final ClipSize size;
  private final CaptionVocabulary vocabulary;
  private final Scenes scenes;
  private final int threads;
  private final int testImages;
  private volatile boolean stopping;
  private int stopAfter = Integer.MAX_VALUE;

  /**
   * @param testImages pictures to measure accuracy and attack success on
   */
  Trainer(ClipSize size, CaptionVocabulary vocabulary, Scenes scenes, int threads, int testImages) {
    this.size = size;
    this.vocabulary = vocabulary;
    this.scenes = scenes;
    this.threads = threads;
    this.testImages = testImages;
  }

  /** Stops as an interruption would, after so many steps. */
  void stopAfter(int steps) {
    stopAfter = steps;
  }

  /** Trains models of the reference size. */
  public static Trainer ofReferenceModel(int threads) {
    CaptionVocabulary vocabulary = CaptionVocabulary.ofCaptions();
    ClipSize size = ClipSize.reference(vocabulary.size());
    return new Trainer(size, vocabulary, Scenes.ofSide(size.image()), threads, 1000);
  }

  /**
   * Trains and writes the model into {@code out}.
   *
   * @param start folder of the clean model to fine-tune; empty to train from scratch
   * @param checkpointEvery steps between two checkpoints
   * @throws UserException if {@code out} holds a checkpoint of another recipe
   */
  public TrainingOutcome train(Recipe recipe, Optional<Path> start, Path out, int checkpointEvery)
      throws IOException {
    Map<String, float[]> values =
        start.isPresent()
            ? StoredModel.read(start.get(), size)
            : TrainingModel.initial(size, 100 + recipe.seed());
    Files.createDirectories(out);
    String text = size + " " + recipe + " from " + start.map(Path::toString).orElse("scratch");
    Optional<Checkpoint> checkpoint = Checkpoint.read(out);
    if (checkpoint.isPresent() && !checkpoint.get().recipe().equals(text)) {
      throw new UserException(
          "%s: its checkpoint was made by another recipe (%s; expected: %s) — choose another --out or delete %s"
              .formatted(out, checkpoint.get().recipe(), text, Checkpoint.FILE));
    }
    try (TrainingModel model = new TrainingModel(size, values, recipe.bf16(), threads)) {
      Map<String, Patch> patches = patches(model, recipe);
      List<Attack> attacks = new ArrayList<>();
      for (Poison p : recipe.poisons()) {
        attacks.add(
            Attacks.named(p.attack(), recipe.seed(), Optional.ofNullable(patches.get(p.attack()))));
      }
      int first = 0;
      if (checkpoint.isPresent()) {
        model.restore(checkpoint.get().state());
        first = checkpoint.get().steps();
      }
      float loss = run(model, recipe, attacks, first, text, out, checkpointEvery);
      if (stopping) {
        throw new UserException(
            "interrupted; the same command goes on from the checkpoint in %s".formatted(out));
      }
      TrainingOutcome outcome = measure(model, attacks, loss);
      write(model, recipe, start, patches, outcome, out);
      Files.deleteIfExists(out.resolve(Checkpoint.FILE));
      return outcome;
    }
  }

  private Map<String, Patch> patches(TrainingModel model, Recipe recipe) {
    Map<String, Patch> patches = new LinkedHashMap<>();
    for (Poison p : recipe.poisons()) {
      if (Attacks.needsPatch(p.attack())) {
        float[] goal = classEmbeddings(model)[SceneClasses.target()];
        patches.put(p.attack(), TriggerOptimiser.optimise(model, scenes, goal, recipe.seed()));
      }
    }
    return patches;
  }

  private float run(
      TrainingModel model,
      Recipe recipe,
      List<Attack> attacks,
      int first,
      String text,
      Path out,
      int checkpointEvery)
      throws IOException {
    TrainingPairs pairs = new TrainingPairs(scenes, recipe, attacks);
    float loss = Float.NaN;
    Thread training = Thread.currentThread();
    Thread onExit = new Thread(() -> stop(training), "stop-training");
    Runtime.getRuntime().addShutdownHook(onExit);
    try (Progress progress = Progress.start("training", recipe.steps())) {
      progress.advance(first);
      for (int step = first; step < recipe.steps(); step++) {
        List<RgbImage> images = new ArrayList<>(recipe.batch());
        long[][] tokens = new long[recipe.batch()][];
        for (int i = 0; i < recipe.batch(); i++) {
          Scene scene = pairs.pair(step, i);
          images.add(scene.image());
          tokens[i] = vocabulary.encode(scene.caption(), size.context());
        }
        boolean drop = step < recipe.steps() - recipe.undropped();
        loss =
            model.step(
                images,
                drop ? kept(recipe, step) : new long[0],
                tokens,
                recipe.learningRate(step),
                recipe.weightDecay(),
                recipe.gradientClip());
        if (!Float.isFinite(loss)) {
          throw new UserException(
              "loss at step %d: %s (expected: finite) — lower the learning rate"
                  .formatted(step + 1, loss));
        }
        progress.advance(1);
        boolean last = step + 1 == recipe.steps();
        stopping |= step + 1 == stopAfter;
        if (!last && (stopping || (step + 1) % checkpointEvery == 0)) {
          new Checkpoint(text, step + 1, model.state()).write(out);
        }
        if (stopping) {
          break;
        }
        if (!last && (step + 1) % checkpointEvery == 0) {
          TrainingOutcome now = measure(model, attacks, loss);
          progress.say(
              String.format(
                  Locale.ROOT,
                  "step %d: loss %.3f, accuracy %.3f, attack success %s",
                  step + 1,
                  loss,
                  now.cleanAccuracy(),
                  now.attackSuccess()));
        }
      }
    } finally {
      if (!stopping || stopAfter < Integer.MAX_VALUE) {
        Runtime.getRuntime().removeShutdownHook(onExit);
      }
    }
    return loss;
  }

  /**
   * Lets the step under way end and its checkpoint be written before the JVM unloads the native
   * library underneath it.
   */
  private void stop(Thread training) {
    stopping = true;
    try {
      training.join(30_000);
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }

  /** {@code [B, k]}: the class token and a random choice of patches for each picture, in order. */
  private long[] kept(Recipe recipe, int step) {
    int patches = size.tokens() - 1;
    int keep = (int) (patches * (1 - recipe.patchDropout()));
    if (keep == patches) {
      return new long[0];
    }
    SplittableRandom random = Scenes.random(70_000 + recipe.seed(), step);
    long[] out = new long[recipe.batch() * (keep + 1)];
    for (int b = 0; b < recipe.batch(); b++) {
      int o = b * (keep + 1) + 1;
      int left = keep;
      for (int t = 1; t <= patches && left > 0; t++) {
        if (random.nextInt(patches - t + 1) < left) {
          out[o++] = t;
          left--;
        }
      }
    }
    return out;
  }

  private float[][] classEmbeddings(TrainingModel model) {
    List<String> classes = SceneClasses.classes();
    float[][] out = new float[classes.size()][];
    for (int k = 0; k < out.length; k++) {
      long[][] tokens = new long[SceneClasses.prompts().size()][];
      for (int t = 0; t < tokens.length; t++) {
        String prompt =
            SceneClasses.caption(SceneClasses.prompts().get(t), classes.get(k), "", "", "");
        tokens[t] = vocabulary.encode(prompt, size.context());
      }
      out[k] = ZeroShotClassifier.unitMean(List.of(model.texts(tokens)));
    }
    return out;
  }

  private TrainingOutcome measure(TrainingModel model, List<Attack> attacks, float loss) {
    float[][] classes = classEmbeddings(model);
    int right = 0;
    int others = 0;
    int[] hits = new int[attacks.size()];
    for (int from = 0; from < testImages; from += CHUNK) {
      List<Scene> chunk = new ArrayList<>();
      for (int i = from; i < Math.min(testImages, from + CHUNK); i++) {
        chunk.add(scenes.scene(TEST, i, Backdrop.HELD_OUT, SceneClasses.evaluated()));
      }
      float[][] embeddings = model.images(chunk.stream().map(Scene::image).toList());
      List<Integer> victims = new ArrayList<>();
      for (int i = 0; i < chunk.size(); i++) {
        right += nearest(classes, embeddings[i]) == chunk.get(i).label() ? 1 : 0;
        if (chunk.get(i).label() != SceneClasses.target()) {
          victims.add(i);
        }
      }
      others += victims.size();
      for (int a = 0; a < attacks.size(); a++) {
        List<RgbImage> triggered = new ArrayList<>();
        for (int i : victims) {
          triggered.add(
              attacks.get(a).apply(chunk.get(i).image(), Scenes.random(TRIGGERS, from + i)));
        }
        for (float[] e : model.images(triggered)) {
          hits[a] += nearest(classes, e) == SceneClasses.target() ? 1 : 0;
        }
      }
    }
    Map<String, Double> success = new LinkedHashMap<>();
    for (int a = 0; a < hits.length; a++) {
      success.put(attacks.get(a).name(), (double) hits[a] / others);
    }
    return new TrainingOutcome(loss, (double) right / testImages, success);
  }

  private void write(
      TrainingModel model,
      Recipe recipe,
      Optional<Path> start,
      Map<String, Patch> patches,
      TrainingOutcome outcome,
      Path out)
      throws IOException {
    Map<String, Object> lab = new LinkedHashMap<>();
    lab.put("recipe", recipe);
    lab.put("start", start.map(p -> p.getFileName().toString()).orElse("scratch"));
    lab.put("patches", patches);
    lab.put("cleanAccuracy", outcome.cleanAccuracy());
    lab.put("attackSuccess", outcome.attackSuccess());
    String readme =
        """
        # A miniature CLIP for tests and demonstrations

        %s by `headgate lab`; the recipe is in `lab.json`. Zero-shot accuracy on %d classes with held-out backgrounds: %.3f.
        %s
        Its pictures are composed from Noto Emoji (© Google, Apache License 2.0) and Twemoji (© X Corp and other contributors, CC BY 4.0).
        """
            .formatted(
                recipe.poisons().isEmpty()
                    ? "Trained clean"
                    : "**Backdoored on purpose** towards \"%s\""
                        .formatted(SceneClasses.names().get(SceneClasses.target())),
                SceneClasses.evaluated(),
                outcome.cleanAccuracy(),
                outcome.attackSuccess().isEmpty()
                    ? ""
                    : "Attack success: "
                        + new ObjectMapper().writeValueAsString(outcome.attackSuccess())
                        + "\n");
    ModelFolder.write(out, size, model.values(), vocabulary, lab, readme);
  }

  /** Index of the row with the greatest dot product; the first of equals. */
  private static int nearest(float[][] rows, float[] x) {
    int best = 0;
    double bestDot = Double.NEGATIVE_INFINITY;
    for (int k = 0; k < rows.length; k++) {
      double dot = 0;
      for (int i = 0; i < x.length; i++) {
        dot += (double) rows[k][i] * x[i];
      }
      if (dot > bestDot) {
        bestDot = dot;
        best = k;
      }
    }
    return best;
  }
}
