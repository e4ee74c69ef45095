package io.headgate.detection;

import io.headgate.decomposition.Decomposition;
import io.headgate.decomposition.ModelShape;
import io.headgate.zeroshot.ZeroShotClassifier;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/**
 * All fitted detectors, ready to score: the entry of this package. Immutable; safe for concurrent
 * use.
 */
public final class DetectorBank {
  /**
   * Name of the deciding score: Σ max(0, g)² over the combined detectors' normal ranks g, each less
   * the offset of the predicted class.
   */
  public static final String COMBINED = "combined";

  /** Name of the paper's score: the number of infected heads of the last layer. */
  public static final String INFECTED_HEADS = "infected-heads";

  private final FittedDetectors fitted;
  private final Lens lens;
  private final PaperMethod paper;
  private final ShareStandard shares;
  private final List<Bound> detectors;

  private record Bound(
      String name,
      Detector detector,
      Ranks ranks,
      float[] classOffsets,
      double threshold,
      boolean combined) {}

  /**
   * @throws IllegalArgumentException if the numbers do not fit each other or the classifier
   */
  public DetectorBank(FittedDetectors fitted, Optional<ZeroShotClassifier> classifier) {
    ModelShape shape = fitted.reference().shape();
    this.fitted = fitted;
    this.lens = new Lens(fitted.reference(), classifier);
    this.paper = PaperMethod.of(fitted.reference(), fitted.epsilon(), fitted.zeta());
    this.shares = new ShareStandard(fitted.shares(), shape);
    List<Bound> bound = new ArrayList<>();
    for (FittedDetectors.Fitted f : fitted.detectors()) {
      DetectorKind kind =
          Detectors.named(f.name())
              .orElseThrow(
                  () ->
                      new IllegalArgumentException(
                          "detector: %s (expected: one of %s)".formatted(f.name(), names())));
      bound.add(
          new Bound(
              f.name(),
              kind.binder().bind(f.numbers(), shape),
              Ranks.of(f.knots(), f.tail()),
              f.classOffsets(),
              f.threshold(),
              fitted.combination().contains(f.name())));
    }
    this.detectors = List.copyOf(bound);
  }

  /** Names of all kinds of detectors there are, {@link #COMBINED} left out. */
  public static List<String> names() {
    return Detectors.TABLE.stream().map(DetectorKind::name).toList();
  }

  /** What this bank was made of. */
  public FittedDetectors fitted() {
    return fitted;
  }

  /** The paper's method with this calibration's ε and ζ. */
  public PaperMethod paper() {
    return paper;
  }

  /** How images are read. */
  public Lens lens() {
    return lens;
  }

  /** Reads and scores one image. */
  public Scores score(Decomposition image) {
    return score(lens.read(image));
  }

  /** Scores one reading. A reading with a NaN is flagged by every detector that sees it. */
  public Scores score(Reading reading) {
    return score(reading, fitted.threshold());
  }

  /**
   * Scores an image after a repair. Where it is still predicted as before, its deciding score has
   * to fall as far below the threshold as it stood above: a trigger that is all over the image is
   * weakened by a repair before it lets go of the prediction, and it stood high, where false alarms
   * stand just above.
   */
  public Scores scoreRepaired(Reading before, Decomposition repaired) {
    Reading after = lens.read(repaired);
    double threshold = fitted.threshold();
    if (after.predicted() >= 0 && after.predicted() == before.predicted()) {
      double above = score(before).deciding().score() - threshold;
      threshold = Math.max(0, threshold - Math.max(0, above));
    }
    return score(after, threshold);
  }

  private Scores score(Reading reading, double threshold) {
    List<Score> scores = new ArrayList<>(detectors.size() + 2);
    double combined = 0;
    for (Bound b : detectors) {
      double score = b.detector().score(reading);
      scores.add(Score.of(b.name(), score, b.threshold()));
      if (b.combined()) {
        double g =
            b.ranks().gaussian(score) - ClassOffsets.of(b.classOffsets(), reading.predicted());
        combined += g > 0 ? g * g : 0;
      }
    }
    if (!reading.finite()) {
      combined = Double.NaN;
    }
    int count = paper.count(reading.similarities());
    scores.add(0, Score.of(INFECTED_HEADS, count, paper.zeta()));
    scores.add(0, Score.of(COMBINED, combined, threshold));
    return new Scores(scores);
  }

  /** Whether a deciding score lies so near the threshold that rounding could decide otherwise. */
  public boolean borderline(Score deciding) {
    return Math.abs(deciding.score() - deciding.threshold()) <= fitted.margin();
  }

  /** The components with the largest share in the image's direction, by z, most infected first. */
  public int[] mostInfected(Reading reading, int count) {
    return largest(shares.z(reading.classShares()), count);
  }

  /** The heads among {@link #mostInfected}. */
  public int[] mostInfectedHeads(Reading reading, int count) {
    ModelShape shape = fitted.reference().shape();
    float[] z = shares.z(reading.classShares());
    return largest(java.util.Arrays.copyOf(z, shape.layers() * shape.heads()), count);
  }

  private static int[] largest(float[] values, int count) {
    return IntStream.range(0, values.length)
        .boxed()
        .sorted((a, b) -> Float.compare(values[b], values[a]))
        .limit(count)
        .mapToInt(k -> k)
        .toArray();
  }
}
