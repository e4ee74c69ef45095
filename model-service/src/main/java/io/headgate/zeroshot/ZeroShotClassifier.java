package io.headgate.zeroshot;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;

/**
 * Classifies embeddings by their cosine with the classes' text embeddings (method.md §4).
 *
 * <p>Immutable; safe for concurrent use.
 */
public final class ZeroShotClassifier {
  private final List<String> classes;
  private final float[][] embeddings;
  private final float[][] directions;
  private final float logitScale;

  /**
   * @param classes names, at least one
   * @param embeddings {@code [K][D]}, unit norm: the mean of the unit text embeddings of all
   *     templates, made unit norm
   * @param logitScale exp of the model's learned scale, positive
   * @throws IllegalArgumentException if sizes disagree or a number is not finite
   */
  public ZeroShotClassifier(List<String> classes, float[][] embeddings, float logitScale) {
    if (classes.isEmpty() || classes.size() != embeddings.length) {
      throw new IllegalArgumentException(
          "classes: %d names, %d embeddings (expected: as many of both, at least one)"
              .formatted(classes.size(), embeddings.length));
    }
    if (!(logitScale > 0) || Float.isInfinite(logitScale)) {
      throw new IllegalArgumentException("logit scale: %s (expected: > 0)".formatted(logitScale));
    }
    int d = embeddings[0].length;
    double[] mean = new double[d];
    this.embeddings = new float[embeddings.length][];
    for (int k = 0; k < embeddings.length; k++) {
      if (embeddings[k].length != d) {
        throw new IllegalArgumentException(
            "embedding of class %s: %d numbers (expected: %d)"
                .formatted(classes.get(k), embeddings[k].length, d));
      }
      this.embeddings[k] = embeddings[k].clone();
      for (int i = 0; i < d; i++) {
        if (!Float.isFinite(embeddings[k][i])) {
          throw new IllegalArgumentException(
              "embedding of class %s: not finite at %d".formatted(classes.get(k), i));
        }
        mean[i] += embeddings[k][i] / embeddings.length;
      }
    }
    this.directions = new float[embeddings.length][d];
    for (int k = 0; k < embeddings.length; k++) {
      for (int i = 0; i < d; i++) {
        directions[k][i] = (float) (embeddings[k][i] - mean[i]);
      }
    }
    this.classes = List.copyOf(classes);
    this.logitScale = logitScale;
  }

  /** The mean of embeddings, made unit norm: a class from its prompts. */
  public static float[] unitMean(List<float[]> rows) {
    double[] sum = new double[rows.get(0).length];
    for (float[] row : rows) {
      for (int i = 0; i < sum.length; i++) {
        sum[i] += row[i];
      }
    }
    double square = 0;
    for (double s : sum) {
      square += s * s;
    }
    float[] unit = new float[sum.length];
    for (int i = 0; i < unit.length; i++) {
      unit[i] = (float) (sum[i] / Math.sqrt(square));
    }
    return unit;
  }

  /** Class names in index order. */
  public List<String> classes() {
    return classes;
  }

  /** exp of the model's learned scale. */
  public float logitScale() {
    return logitScale;
  }

  /** A copy of the class embeddings, {@code [K][D]}. */
  public float[][] embeddings() {
    return copy(embeddings);
  }

  /** A copy of all {@link #direction directions}, {@code [K][D]}. */
  public float[][] directions() {
    return copy(directions);
  }

  /** The class's text embedding minus the mean over classes, {@code [D]}; read-only by contract. */
  public float[] direction(int index) {
    return directions[index];
  }

  /** Index of the most probable class; the first of equals. */
  public int predict(float[] embedding) {
    int best = 0;
    double bestDot = Double.NEGATIVE_INFINITY;
    for (int k = 0; k < embeddings.length; k++) {
      double dot = dot(embeddings[k], embedding);
      if (dot > bestDot) {
        bestDot = dot;
        best = k;
      }
    }
    return best;
  }

  /** The most probable labels first, at most {@code top} of them. */
  public List<Label> labels(float[] embedding, int top) {
    double[] logits = new double[embeddings.length];
    double max = Double.NEGATIVE_INFINITY;
    for (int k = 0; k < logits.length; k++) {
      logits[k] = logitScale * dot(embeddings[k], embedding);
      max = Math.max(max, logits[k]);
    }
    double sum = 0;
    for (int k = 0; k < logits.length; k++) {
      logits[k] = Math.exp(logits[k] - max);
      sum += logits[k];
    }
    double total = sum;
    List<Label> labels = new ArrayList<>();
    IntStream.range(0, logits.length)
        .boxed()
        .sorted(Comparator.comparingDouble((Integer k) -> -logits[k]).thenComparingInt(k -> k))
        .limit(top)
        .forEach(k -> labels.add(new Label(k, classes.get(k), (float) (logits[k] / total))));
    return labels;
  }

  private static double dot(float[] a, float[] b) {
    double sum = 0;
    for (int i = 0; i < a.length; i++) {
      sum += (double) a[i] * b[i];
    }
    return sum;
  }

  private static float[][] copy(float[][] rows) {
    float[][] copy = new float[rows.length][];
    for (int k = 0; k < rows.length; k++) {
      copy[k] = rows[k].clone();
    }
    return copy;
  }
}
