package io.headgate.lab.evaluation;

import io.headgate.imaging.RgbImage;
import io.headgate.zeroshot.ZeroShotClassifier;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.function.Function;

/**
 * Published detectors to compare with. They need no calibration, but neither do they have a
 * threshold.
 *
 * <ul>
 *   <li>STRIP (Gao et al. 2019): a triggered picture keeps its label when others are blended over
 *       it, so the entropy of the blends' labels is low.
 *   <li>Contrastive prompting (BDetCLIP, Niu et al. 2024): the image of a backdoored decision
 *       hardly distinguishes prompts that describe a class from prompts that scramble it. The paper
 *       has its prompts written by a language model; here they come from templates.
 * </ul>
 */
final class Baselines {
  static final String STRIP = "strip";
  static final String BDETCLIP = "bdetclip";
  static final String BDETCLIP_PREDICTED = "bdetclip-predicted";

  private static final int BLENDS = 8;
  private static final int POOL = 128;
  private static final List<String> DESCRIBING =
      List.of(
          "a {n} on a plain background",
          "a small {n}",
          "a {n} at the top of the picture",
          "a big {n} on a blue background",
          "a {n} in a bright scene, on the left",
          "a photo of a medium {n} in the centre of a red scene");
  private static final List<String> WORDS =
      List.of(
          "red",
          "green",
          "blue",
          "small",
          "big",
          "photo",
          "picture",
          "scene",
          "image",
          "top",
          "left",
          "right",
          "background",
          "centre",
          "bottom");

  private final Function<List<RgbImage>, float[][]> embed;
  private final ZeroShotClassifier classifier;
  private final float[][] contrast;
  private final float[] contrastOfAll;
  private final List<RgbImage> pool = new ArrayList<>();

  /**
   * @param embed unit image embeddings
   * @param texts unit text embeddings
   */
  Baselines(
      Function<List<RgbImage>, float[][]> embed,
      Function<List<String>, float[][]> texts,
      ZeroShotClassifier classifier) {
    this.embed = embed;
    this.classifier = classifier;
    SplittableRandom random = new SplittableRandom(1);
    List<String> classes = classifier.classes();
    contrast = new float[classes.size()][];
    for (int k = 0; k < contrast.length; k++) {
      String name = classes.get(k);
      List<String> prompts = new ArrayList<>();
      DESCRIBING.forEach(t -> prompts.add(t.replace("{n}", name)));
      for (int i = 0; i < DESCRIBING.size(); i++) {
        StringBuilder scrambled = new StringBuilder(name);
        for (int w = 0; w < 6; w++) {
          scrambled.append(' ').append(WORDS.get(random.nextInt(WORDS.size())));
        }
        prompts.add(scrambled.toString());
      }
      List<float[]> e = List.of(texts.apply(prompts));
      float[] good = ZeroShotClassifier.unitMean(e.subList(0, DESCRIBING.size()));
      float[] bad = ZeroShotClassifier.unitMean(e.subList(DESCRIBING.size(), e.size()));
      contrast[k] = new float[good.length];
      for (int i = 0; i < good.length; i++) {
        contrast[k][i] = good[i] - bad[i];
      }
    }
    contrastOfAll = new float[contrast[0].length];
    for (float[] c : contrast) {
      for (int i = 0; i < c.length; i++) {
        contrastOfAll[i] += c[i];
      }
    }
  }

  /** Keeps the first clean pictures to blend with. */
  void pool(List<Picture> clean) {
    for (Picture p : clean) {
      if (pool.size() < POOL) {
        pool.add(p.pixels());
      }
    }
  }

  boolean pooled() {
    return pool.size() >= POOL;
  }

  /**
   * @param embeddings of the pictures, unit norm
   * @param first running number of the first picture, which decides what it is blended with
   * @return per picture the scores by name, larger is more suspicious
   */
  List<Map<String, Double>> score(List<RgbImage> images, List<float[]> embeddings, int first) {
    List<RgbImage> blends = new ArrayList<>(images.size() * BLENDS);
    for (int i = 0; i < images.size(); i++) {
      SplittableRandom random = new SplittableRandom(31L * (first + i) + 7);
      for (int b = 0; b < BLENDS; b++) {
        blends.add(blend(images.get(i), pool.get(random.nextInt(pool.size()))));
      }
    }
    float[][] blended = embed.apply(blends);
    List<Map<String, Double>> out = new ArrayList<>();
    for (int i = 0; i < images.size(); i++) {
      double entropy = 0;
      for (int b = 0; b < BLENDS; b++) {
        entropy += entropy(blended[i * BLENDS + b]) / BLENDS;
      }
      float[] e = embeddings.get(i);
      Map<String, Double> scores = new LinkedHashMap<>();
      scores.put(STRIP, -entropy);
      scores.put(BDETCLIP, -dot(e, contrastOfAll));
      scores.put(BDETCLIP_PREDICTED, -dot(e, contrast[classifier.predict(e)]));
      out.add(scores);
    }
    return out;
  }

  private double entropy(float[] embedding) {
    return classifier.labels(embedding, classifier.classes().size()).stream()
        .mapToDouble(l -> l.probability() > 0 ? -l.probability() * Math.log(l.probability()) : 0)
        .sum();
  }

  private static RgbImage blend(RgbImage a, RgbImage b) {
    byte[] rgb = new byte[a.rgb().length];
    for (int i = 0; i < rgb.length; i++) {
      rgb[i] = (byte) (((a.rgb()[i] & 255) + (b.rgb()[i] & 255) + 1) / 2);
    }
    return new RgbImage(a.width(), a.height(), rgb);
  }

  private static double dot(float[] a, float[] b) {
    double sum = 0;
    for (int i = 0; i < a.length; i++) {
      sum += (double) a[i] * b[i];
    }
    return sum;
  }
}
