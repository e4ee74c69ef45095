package io.headgate.detection;

import io.headgate.decomposition.Decomposition;
import io.headgate.decomposition.ModelShape;
import io.headgate.zeroshot.ZeroShotClassifier;
import java.util.Optional;

/**
 * Reads a decomposition against the clean reference: decomposition in, {@link Reading} out.
 * Immutable; safe for concurrent use.
 */
public final class Lens {
  private final Reference reference;
  private final Optional<ZeroShotClassifier> classifier;
  private final ModelShape shape;

  /**
   * @throws IllegalArgumentException if the reference was made with another number of classes
   */
  public Lens(Reference reference, Optional<ZeroShotClassifier> classifier) {
    int classes = classifier.map(c -> c.classes().size()).orElse(0);
    if (reference.classes() != classes) {
      throw new IllegalArgumentException(
          "class prototypes: %d classes (expected: the model's %d)"
              .formatted(reference.classes(), classes));
    }
    this.reference = reference;
    this.classifier = classifier;
    this.shape = reference.shape();
  }

  /** The clean reference read against. */
  public Reference reference() {
    return reference;
  }

  /** Reads one image; costs about 3·K·D multiplications. */
  public Reading read(Decomposition image) {
    int d = shape.embedding();
    int heads = shape.layers() * shape.heads();
    int k = shape.components();
    int predicted = classifier.map(c -> c.predict(image.embedding())).orElse(-1);
    float[] self = new float[d];
    for (int i = 0; i < d; i++) {
      self[i] = image.embedding()[i] - reference.embeddingMean()[i];
    }
    float[] selfShares = contributions(image, self);
    normalise(selfShares);
    float[] classShares = selfShares;
    float[] classSimilarities = new float[0];
    if (predicted >= 0) {
      classShares = contributions(image, classifier.orElseThrow().direction(predicted));
      normalise(classShares);
      classSimilarities = new float[heads];
      for (int h = 0; h < heads; h++) {
        classSimilarities[h] =
            Vectors.dot(
                image.heads(), h * d, reference.classPrototypes(), (predicted * heads + h) * d, d);
      }
    }
    float[] similarities = new float[shape.heads()];
    for (int h = 0; h < similarities.length; h++) {
      int at = image.headOffset(shape.layers() - 1, h);
      similarities[h] = Vectors.dot(image.heads(), at, reference.means(), at, d);
    }
    return new Reading(
        predicted,
        classShares,
        selfShares,
        similarities,
        classSimilarities,
        (float) Math.log((double) image.sigma() * image.norm()),
        concentration(image.lastLayerTokens()),
        image.embedding());
  }

  /**
   * Reads an image that was counted into the reference as if it had not been: its own part is taken
   * out of the prototypes it is compared with. Shares need no correction, since taking an image out
   * of a mean only scales its distance from it.
   *
   * @param count number of images in the reference, at least 2
   * @param classCount of them predicted as this image's class
   */
  public Reading readLeavingOut(Decomposition image, long count, int classCount) {
    Reading reading = read(image);
    int d = shape.embedding();
    float[] similarities = reading.similarities().clone();
    for (int h = 0; h < similarities.length; h++) {
      int at = image.headOffset(shape.layers() - 1, h);
      float own = Vectors.dot(image.heads(), at, image.heads(), at, d);
      similarities[h] = (similarities[h] * count - own) / (count - 1);
    }
    double weight = classCount + ReferenceBuilder.PSEUDO_COUNT;
    float[] classSimilarities = reading.classSimilarities().clone();
    for (int h = 0; h < classSimilarities.length; h++) {
      float own = Vectors.dot(image.heads(), h * d, image.heads(), h * d, d);
      classSimilarities[h] = (float) ((classSimilarities[h] * weight - own) / (weight - 1));
    }
    return new Reading(
        reading.predicted(),
        reading.classShares(),
        reading.selfShares(),
        similarities,
        classSimilarities,
        reading.scale(),
        reading.tokenConcentration(),
        reading.embedding());
  }

  /** The direction contributions are measured along: the predicted class's, or the image's own. */
  public float[] direction(Decomposition image) {
    if (classifier.isPresent()) {
      return classifier.get().direction(classifier.get().predict(image.embedding())).clone();
    }
    float[] self = new float[shape.embedding()];
    for (int i = 0; i < self.length; i++) {
      self[i] = image.embedding()[i] - reference.embeddingMean()[i];
    }
    return self;
  }

  /** ⟨r_k − μ_k, u⟩ for every component k. */
  private float[] contributions(Decomposition image, float[] u) {
    int d = shape.embedding();
    int heads = shape.layers() * shape.heads();
    float[] a = new float[shape.components()];
    for (int k = 0; k < heads; k++) {
      a[k] = Vectors.centredDot(image.heads(), k * d, reference.means(), k * d, u, 0, d);
    }
    for (int k = heads; k < a.length; k++) {
      a[k] = Vectors.centredDot(image.mlps(), (k - heads) * d, reference.means(), k * d, u, 0, d);
    }
    return a;
  }

  /** share_k = a_k / Σ_j |a_j|; all zero if nothing was contributed. */
  private static void normalise(float[] a) {
    double sum = 0;
    for (float x : a) {
      sum += Math.abs(x);
    }
    if (sum == 0) {
      return;
    }
    for (int k = 0; k < a.length; k++) {
      a[k] = (float) (a[k] / sum);
    }
  }

  private static float concentration(float[] tokens) {
    double largest = 0;
    double sum = 0;
    for (int n = 1; n < tokens.length; n++) { // token 0 is the class token
      if (tokens[n] > 0) {
        sum += tokens[n];
        largest = Math.max(largest, tokens[n]);
      } else if (Float.isNaN(tokens[n])) {
        return Float.NaN;
      }
    }
    return sum > 0 ? (float) (largest / sum) : 0;
  }
}
