package io.headgate.detection;

import io.headgate.decomposition.Decomposition;
import io.headgate.decomposition.ModelShape;
import io.headgate.zeroshot.ZeroShotClassifier;
import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.util.Arrays;
import java.util.Optional;

/**
 * Accumulates clean images into a {@link Reference}, one at a time, in memory that does not grow
 * with their number. Owned by one thread.
 */
public final class ReferenceBuilder {
  /** Class prototypes are shrunk towards the mean over all classes by this many images' weight. */
  public static final double PSEUDO_COUNT = 3;

  private final ModelShape shape;
  private final Optional<ZeroShotClassifier> classifier;
  private final double[] sum;
  private final double[] embeddingSum;
  private final float[] classSum;
  private final int[] classCount;
  private final double[] tokenSum;
  private long count;
  private long tokenCount;

  public ReferenceBuilder(ModelShape shape, Optional<ZeroShotClassifier> classifier) {
    this.shape = shape;
    this.classifier = classifier;
    int d = shape.embedding();
    int heads = shape.layers() * shape.heads();
    int classes = classifier.map(c -> c.classes().size()).orElse(0);
    this.sum = new double[shape.components() * d];
    this.embeddingSum = new double[d];
    this.classSum = new float[Math.multiplyExact(classes, heads * d)];
    this.classCount = new int[classes];
    this.tokenSum = new double[heads * shape.tokens()];
  }

  /** Counts one image in. */
  public void add(Decomposition image) {
    int heads = image.heads().length;
    for (int i = 0; i < heads; i++) {
      sum[i] += image.heads()[i];
    }
    for (int i = 0; i < image.mlps().length; i++) {
      sum[heads + i] += image.mlps()[i];
    }
    for (int i = 0; i < embeddingSum.length; i++) {
      embeddingSum[i] += image.embedding()[i];
    }
    if (classifier.isPresent()) {
      int predicted = classifier.get().predict(image.embedding());
      classCount[predicted]++;
      int at = predicted * heads;
      for (int i = 0; i < heads; i++) {
        classSum[at + i] += image.heads()[i];
      }
    }
    count++;
  }

  /** Counts one image's {@code [L, H, N]} token contributions in. */
  public void addTokens(float[] contributions) {
    for (int i = 0; i < tokenSum.length; i++) {
      tokenSum[i] += contributions[i];
    }
    tokenCount++;
  }

  /** Number of images counted in. */
  public long count() {
    return count;
  }

  /** Number of classes that at least one image counted in was predicted as. */
  public int classesSeen() {
    return (int) Arrays.stream(classCount).filter(n -> n > 0).count();
  }

  /** Number of images counted in that were predicted as a class; 0 without classes. */
  public int classCount(int predicted) {
    return predicted < 0 ? 0 : classCount[predicted];
  }

  /**
   * The means so far.
   *
   * @throws IllegalStateException if no image was counted in
   */
  public Reference build() {
    if (count < 1) {
      throw new IllegalStateException("no images were counted in");
    }
    int heads = shape.layers() * shape.heads() * shape.embedding();
    float[] means = mean(sum, count);
    float[] prototypes = new float[classSum.length];
    for (int c = 0; c < classCount.length; c++) {
      for (int i = 0; i < heads; i++) {
        prototypes[c * heads + i] =
            (float)
                ((classSum[c * heads + i] + PSEUDO_COUNT * means[i])
                    / (classCount[c] + PSEUDO_COUNT));
      }
    }
    return new Reference(
        shape,
        means,
        mean(embeddingSum, count),
        prototypes,
        tokenCount == 0 ? new float[0] : mean(tokenSum, tokenCount));
  }

  /** Writes the sums, so that {@link #read} can go on from here. */
  public void write(DataOutput out) throws IOException {
    out.writeLong(count);
    out.writeLong(tokenCount);
    for (double[] sums : new double[][] {sum, embeddingSum, tokenSum}) {
      for (double x : sums) {
        out.writeDouble(x);
      }
    }
    for (int n : classCount) {
      out.writeInt(n);
    }
    for (float x : classSum) {
      out.writeFloat(x);
    }
  }

  /** Takes over what {@link #write} wrote for the same model. */
  public void read(DataInput in) throws IOException {
    count = in.readLong();
    tokenCount = in.readLong();
    for (double[] sums : new double[][] {sum, embeddingSum, tokenSum}) {
      for (int i = 0; i < sums.length; i++) {
        sums[i] = in.readDouble();
      }
    }
    for (int i = 0; i < classCount.length; i++) {
      classCount[i] = in.readInt();
    }
    for (int i = 0; i < classSum.length; i++) {
      classSum[i] = in.readFloat();
    }
  }

  private static float[] mean(double[] sum, long count) {
    float[] mean = new float[sum.length];
    for (int i = 0; i < mean.length; i++) {
      mean[i] = (float) (sum[i] / count);
    }
    return mean;
  }
}
