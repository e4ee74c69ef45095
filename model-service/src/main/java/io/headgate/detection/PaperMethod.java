package io.headgate.detection;

import io.headgate.decomposition.Decomposition;
import io.headgate.decomposition.ModelShape;
import java.util.Arrays;

/**
 * Algorithm 1 of He et al. (ICML 2025): infected heads of the last layer, and repair by prototypes.
 *
 * @param shape sizes of the model
 * @param prototypes {@code [H, D]}: clean mean of each head of the last layer
 * @param mlpPrototypes {@code [L+1, D]}: clean mean of each MLP, index 0 is x⁰_cls
 * @param epsilon {@code [H]}: a head is infected if and only if its similarity ≤ its epsilon
 * @param zeta an image with more infected heads than this is quarantined
 */
public record PaperMethod(
    ModelShape shape, float[] prototypes, float[] mlpPrototypes, float[] epsilon, int zeta) {
  /** What the paper does with an image. */
  public enum Route {
    CLEAN,
    REPAIRED,
    QUARANTINED
  }

  /** The paper replaces this many of the last MLPs. */
  public static final int REPAIRED_MLPS = 5;

  /**
   * @throws IllegalArgumentException if an array's length does not fit the shape or ζ is negative
   */
  public PaperMethod {
    int d = shape.embedding();
    if (prototypes.length != shape.heads() * d
        || mlpPrototypes.length != (shape.layers() + 1) * d
        || epsilon.length != shape.heads()
        || zeta < 0) {
      throw new IllegalArgumentException(
          "paper's method: %d prototype numbers, %d MLP prototype numbers, %d epsilons, zeta %d (expected: %d, %d, %d, at least 0)"
              .formatted(
                  prototypes.length,
                  mlpPrototypes.length,
                  epsilon.length,
                  zeta,
                  shape.heads() * d,
                  (shape.layers() + 1) * d,
                  shape.heads()));
    }
  }

  /** From a clean reference, with a threshold per head and ζ. */
  public static PaperMethod of(Reference reference, float[] epsilon, int zeta) {
    ModelShape shape = reference.shape();
    int d = shape.embedding();
    int last = (shape.layers() - 1) * shape.heads() * d;
    int mlps = shape.layers() * shape.heads() * d;
    return new PaperMethod(
        shape,
        Arrays.copyOfRange(reference.means(), last, mlps),
        Arrays.copyOfRange(reference.means(), mlps, reference.means().length),
        epsilon,
        zeta);
  }

  /** The same threshold for every head, as in the paper. */
  public PaperMethod withEpsilon(float value) {
    float[] all = new float[shape.heads()];
    Arrays.fill(all, value);
    return new PaperMethod(shape, prototypes, mlpPrototypes, all, zeta);
  }

  /** {@code [H]}: dot product of each last-layer head's part and its prototype. */
  public float[] similarities(Decomposition image) {
    int d = shape.embedding();
    float[] similarities = new float[shape.heads()];
    for (int h = 0; h < similarities.length; h++) {
      similarities[h] =
          Vectors.dot(image.heads(), image.headOffset(shape.layers() - 1, h), prototypes, h * d, d);
    }
    return similarities;
  }

  /** {@code [H]}: similarity ≤ ε; NaN counts as infected. */
  public boolean[] infected(float[] similarities) {
    boolean[] infected = new boolean[similarities.length];
    for (int h = 0; h < infected.length; h++) {
      infected[h] = !(similarities[h] > epsilon[h]);
    }
    return infected;
  }

  /** n, the number of infected heads. */
  public int count(float[] similarities) {
    int count = 0;
    for (boolean infected : infected(similarities)) {
      count += infected ? 1 : 0;
    }
    return count;
  }

  /** 0 infected heads: clean; up to ζ: repaired; more: quarantined. */
  public Route route(int count) {
    return count == 0 ? Route.CLEAN : count <= zeta ? Route.REPAIRED : Route.QUARANTINED;
  }

  /** The image with its infected heads' parts replaced by their prototypes. */
  public Decomposition repairHeads(Decomposition image) {
    int d = shape.embedding();
    boolean[] infected = infected(similarities(image));
    float[] heads = image.heads().clone();
    for (int h = 0; h < infected.length; h++) {
      if (infected[h]) {
        System.arraycopy(prototypes, h * d, heads, image.headOffset(shape.layers() - 1, h), d);
      }
    }
    return Repair.replaced(image, heads, image.mlps());
  }

  /**
   * The image with the parts of its last MLPs replaced by their prototypes.
   *
   * @param last how many; the paper uses {@value #REPAIRED_MLPS}
   */
  public Decomposition repairMlps(Decomposition image, int last) {
    int d = shape.embedding();
    float[] mlps = image.mlps().clone();
    int from = Math.max(0, shape.layers() + 1 - last) * d;
    System.arraycopy(mlpPrototypes, from, mlps, from, mlps.length - from);
    return Repair.replaced(image, image.heads(), mlps);
  }
}
