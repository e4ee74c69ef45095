package io.headgate.serving;

import io.headgate.console.UserException;
import io.headgate.decomposition.Decomposer;
import io.headgate.decomposition.Decomposition;
import io.headgate.imaging.RgbImage;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Random;

/**
 * What a loaded model must show before it is served: that its parts add up to its embeddings, that
 * an image's answer does not depend on its neighbours in the batch, and that it still gives the
 * answers recorded when it was trusted.
 */
final class Admission {
  private static final int IMAGES = 5;

  private Admission() {}

  /**
   * How far a precision may stray.
   *
   * @param residual max |Σ parts − embedding|
   * @param batch max |embedding alone − embedding in a batch|
   * @param cosine least cosine with a canary's recorded embedding
   */
  record Tolerance(double residual, double batch, double cosine) {
    static Tolerance of(String precision) {
      return precision.equals("fp32")
          ? new Tolerance(1e-5, 1e-5, 0.9999)
          : new Tolerance(5e-3, 1e-2, 0.99);
    }
  }

  /**
   * What was measured.
   *
   * @param residual largest over all images
   * @param batch largest over all images
   * @param cosine least over the canaries, 1 without any
   * @param canaries asked
   */
  record Figures(double residual, double batch, double cosine, int canaries) {
    @Override
    public String toString() {
      return String.format(
          Locale.ROOT,
          "completeness residual %.1e, batch deviation %.1e, %d canaries with cosine >= %.6f",
          residual,
          batch,
          canaries,
          cosine);
    }
  }

  /**
   * @throws UserException with the figures if the model is not to be trusted
   */
  static Figures check(ModelHandle handle, Optional<Canaries> canaries) {
    Tolerance tolerance = Tolerance.of(handle.precision());
    List<String> faults = new ArrayList<>();
    Decomposer model = handle.model();
    List<Decomposition> together = model.decompose(images(model.shape().imageSize()));
    double residual = 0;
    for (Decomposition image : together) {
      residual = worse(residual, image.residual());
    }
    double batch = 0;
    List<RgbImage> images = images(model.shape().imageSize());
    for (int i = 0; i < images.size(); i++) {
      float[] alone = model.decompose(List.of(images.get(i))).get(0).embedding();
      batch = worse(batch, distance(alone, together.get(i).embedding()));
    }
    double cosine = 1;
    List<Canaries.Canary> known = canaries.map(Canaries::all).orElse(List.of());
    for (Canaries.Canary canary : known) {
      cosine = Math.min(cosine, ask(canary, handle, tolerance, faults));
    }
    if (!(residual <= tolerance.residual())) {
      faults.add(
          "the parts do not add up to the embedding: residual %.2e (expected: <= %.0e)"
              .formatted(residual, tolerance.residual()));
    }
    if (!(batch <= tolerance.batch())) {
      faults.add(
          "an image's embedding depends on its neighbours in the batch: by %.2e (expected: <= %.0e)"
              .formatted(batch, tolerance.batch()));
    }
    if (!faults.isEmpty()) {
      throw new UserException(
          "model %s in %s refused: %s — restore the model, or look at its activation, heads and precision"
              .formatted(model.fingerprint(), handle.precision(), String.join("; ", faults)));
    }
    return new Figures(residual, batch, cosine, known.size());
  }

  private static double ask(
      Canaries.Canary canary, ModelHandle handle, Tolerance tolerance, List<String> faults) {
    int side = handle.model().shape().imageSize();
    int d = handle.model().shape().embedding();
    if (canary.image().width() != side || canary.embedding().length != d) {
      faults.add(
          "canary %s: %d pixels wide, embedding of %d (expected: %d and %d); it is another model's"
              .formatted(
                  canary.name(), canary.image().width(), canary.embedding().length, side, d));
      return Double.NaN;
    }
    float[] embedding = handle.model().decompose(List.of(canary.image())).get(0).embedding();
    double cosine = 0;
    for (int i = 0; i < d; i++) {
      cosine += (double) embedding[i] * canary.embedding()[i];
    }
    Optional<String> label = handle.classifier().map(c -> c.classes().get(c.predict(embedding)));
    if (!(cosine >= tolerance.cosine()) || !label.equals(canary.label())) {
      faults.add(
          "canary %s: label %s, cosine %.5f (expected: label %s, cosine >= %s)"
              .formatted(
                  canary.name(),
                  label.orElse("none"),
                  cosine,
                  canary.label().orElse("none"),
                  tolerance.cosine()));
    }
    return cosine;
  }

  /** The larger one; NaN if either is. */
  private static double worse(double a, double b) {
    return Double.isNaN(a) || Double.isNaN(b) ? Double.NaN : Math.max(a, b);
  }

  private static double distance(float[] a, float[] b) {
    double worst = 0;
    for (int i = 0; i < a.length; i++) {
      worst = worse(worst, Math.abs((double) a[i] - b[i]));
    }
    return worst;
  }

  /** Noise over a slope: no two alike, none of them plain. */
  private static List<RgbImage> images(int side) {
    Random random = new Random(7);
    List<RgbImage> images = new ArrayList<>();
    for (int n = 0; n < IMAGES; n++) {
      byte[] rgb = new byte[side * side * 3];
      for (int i = 0; i < rgb.length; i++) {
        rgb[i] = (byte) (random.nextInt(96) + 159L * i / rgb.length * n / IMAGES);
      }
      images.add(new RgbImage(side, side, rgb));
    }
    return images;
  }
}
