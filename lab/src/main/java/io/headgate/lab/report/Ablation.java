package io.headgate.lab.report;

import io.headgate.decomposition.Decomposition;
import io.headgate.decomposition.ModelShape;
import io.headgate.zeroshot.ZeroShotClassifier;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntPredicate;

/**
 * Components replaced by their clean means, and what that does to accuracy and attack success
 * (method.md §4): whether a backdoor needs them.
 */
final class Ablation {
  /** Which components of a layer. */
  enum Kind {
    HEADS,
    MLPS,
    BOTH
  }

  /** Which layers. */
  enum Order {
    /** 0..l. */
    FORWARD,
    /** l..L−1. */
    BACKWARD,
    /** l alone. */
    SEPARATE
  }

  /**
   * @param asr {@code [L]}: attack success with the layers replaced
   * @param accuracy {@code [L]}: of clean pictures
   */
  record Result(Kind kind, Order order, double[] asr, double[] accuracy) {}

  private final ModelShape shape;
  private final float[] means;
  private final ZeroShotClassifier classifier;
  private final int target;

  /**
   * @param means {@code [K, D]}: clean mean of every component
   */
  Ablation(ModelShape shape, float[] means, ZeroShotClassifier classifier, int target) {
    this.shape = shape;
    this.means = means;
    this.classifier = classifier;
    this.target = target;
  }

  List<Result> run(Sample clean, Sample triggered) {
    List<Result> results = new ArrayList<>();
    for (Kind kind : Kind.values()) {
      for (Order order : Order.values()) {
        double[] asr = new double[shape.layers()];
        double[] accuracy = new double[shape.layers()];
        for (int l = 0; l < shape.layers(); l++) {
          int at = l;
          IntPredicate layers =
              switch (order) {
                case FORWARD -> i -> i <= at;
                case BACKWARD -> i -> i >= at;
                case SEPARATE -> i -> i == at;
              };
          asr[l] = attackSuccess(triggered, kind, layers);
          accuracy[l] = accuracy(clean, kind, layers);
        }
        results.add(new Result(kind, order, asr, accuracy));
      }
    }
    return results;
  }

  /** Share of triggered pictures of other classes that are labelled as the target. */
  double attackSuccess(Sample triggered, Kind kind, IntPredicate layers) {
    int total = 0;
    int hits = 0;
    for (int i = 0; i < triggered.size(); i++) {
      if (triggered.pictures().get(i).label() != target) {
        total++;
        hits += label(triggered.parts().get(i), kind, layers) == target ? 1 : 0;
      }
    }
    return (double) hits / Math.max(1, total);
  }

  /** Share of labelled clean pictures that keep their true label. */
  double accuracy(Sample clean, Kind kind, IntPredicate layers) {
    int total = 0;
    int hits = 0;
    for (int i = 0; i < clean.size(); i++) {
      int label = clean.pictures().get(i).label();
      if (label >= 0) {
        total++;
        hits += label(clean.parts().get(i), kind, layers) == label ? 1 : 0;
      }
    }
    return (double) hits / Math.max(1, total);
  }

  private int label(Decomposition parts, Kind kind, IntPredicate layers) {
    int d = shape.embedding();
    int heads = shape.layers() * shape.heads();
    float[] e = parts.embedding().clone();
    for (int l = 0; l < shape.layers(); l++) {
      if (!layers.test(l)) {
        continue;
      }
      if (kind != Kind.MLPS) {
        for (int h = l * shape.heads(); h < (l + 1) * shape.heads(); h++) {
          replace(e, parts.heads(), h * d, h * d);
        }
      }
      if (kind != Kind.HEADS) {
        replace(e, parts.mlps(), (l + 1) * d, (heads + l + 1) * d);
      }
    }
    return classifier.predict(e);
  }

  private void replace(float[] e, float[] part, int at, int mean) {
    for (int i = 0; i < e.length; i++) {
      e[i] += means[mean + i] - part[at + i];
    }
  }
}
