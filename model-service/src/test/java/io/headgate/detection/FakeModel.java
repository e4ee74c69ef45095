package io.headgate.detection;

import io.headgate.decomposition.Decomposer;
import io.headgate.decomposition.Decomposition;
import io.headgate.decomposition.ModelShape;
import io.headgate.imaging.RgbImage;
import io.headgate.zeroshot.ZeroShotClassifier;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;

/**
 * A backdoored model in a few lines: every component adds a little of the class that pixel 0 names,
 * but a patch token whose pixel is {@link #TRIGGER} makes head 1 of layer 1 shout the target class.
 */
public class FakeModel implements Decomposer {
  /** Red value of a patch that carries the trigger. */
  public static final int TRIGGER = 255;

  public static final int CLASSES = 6;
  public static final int TARGET = 0;
  public static final int INFECTED_HEAD = 5; // layer 1, head 1

  private static final ModelShape SHAPE = new ModelShape(8, 2, 3, 4, 16, 24);

  private final float[][] classEmbeddings = new float[CLASSES][SHAPE.embedding()];
  private final String fingerprint;
  private final int trigger;

  public FakeModel() {
    this("f".repeat(64), TRIGGER);
  }

  /** With another fingerprint and trigger value. */
  public FakeModel(String fingerprint, int trigger) {
    this.fingerprint = fingerprint;
    this.trigger = trigger;
    Random random = new Random(7);
    for (float[] row : classEmbeddings) {
      for (int i = 0; i < row.length; i++) {
        row[i] = (float) random.nextGaussian();
      }
      Vectors.unit(row);
    }
  }

  /** A clean image of a class; equal arguments give equal images. */
  public static RgbImage image(int trueClass, long seed) {
    byte[] rgb = new byte[SHAPE.imageSize() * SHAPE.imageSize() * 3];
    new Random(seed * 31 + trueClass).nextBytes(rgb);
    for (int i = 0; i < rgb.length; i++) {
      rgb[i] = (byte) ((rgb[i] & 0xff) % 200);
    }
    rgb[1] = (byte) trueClass;
    return new RgbImage(SHAPE.imageSize(), SHAPE.imageSize(), rgb);
  }

  /** The same with the trigger in one patch token. */
  public static RgbImage triggered(RgbImage image, int token) {
    byte[] rgb = image.rgb().clone();
    rgb[pixelOf(token)] = (byte) TRIGGER;
    return new RgbImage(image.width(), image.height(), rgb);
  }

  private static int pixelOf(int token) {
    int grid = SHAPE.grid();
    int y = token / grid * SHAPE.patchSize();
    int x = token % grid * SHAPE.patchSize();
    return (y * SHAPE.imageSize() + x) * 3;
  }

  public ZeroShotClassifier classifier() {
    List<String> names = new ArrayList<>();
    for (int c = 0; c < CLASSES; c++) {
      names.add("class" + c);
    }
    return new ZeroShotClassifier(names, classEmbeddings, 50);
  }

  @Override
  public ModelShape shape() {
    return SHAPE;
  }

  @Override
  public String fingerprint() {
    return fingerprint;
  }

  @Override
  public List<Decomposition> decompose(List<RgbImage> images) {
    return images.stream().map(image -> parts(image, new int[0])).toList();
  }

  @Override
  public List<Decomposition> decomposeWithout(List<RgbImage> images, int[][] patchTokens) {
    List<Decomposition> parts = new ArrayList<>();
    for (int i = 0; i < images.size(); i++) {
      parts.add(parts(images.get(i), patchTokens[i]));
    }
    return parts;
  }

  @Override
  public List<float[]> tokenContributions(List<RgbImage> images, float[][] directions) {
    List<float[]> all = new ArrayList<>();
    for (RgbImage image : images) {
      float[] contributions = new float[SHAPE.layers() * SHAPE.heads() * SHAPE.tokens()];
      Arrays.fill(contributions, 0.001f);
      int token = triggerToken(image, new int[0]);
      if (token >= 0) {
        contributions[INFECTED_HEAD * SHAPE.tokens() + token + 1] = 1;
      }
      all.add(contributions);
    }
    return all;
  }

  private int triggerToken(RgbImage image, int[] dropped) {
    for (int token = 0; token < SHAPE.tokens() - 1; token++) {
      int t = token;
      if ((image.rgb()[pixelOf(token)] & 0xff) == trigger
          && Arrays.stream(dropped).noneMatch(d -> d == t)) {
        return token;
      }
    }
    return -1;
  }

  private Decomposition parts(RgbImage image, int[] dropped) {
    Random random = new Random(Arrays.hashCode(image.rgb()) * 31L + dropped.length);
    int d = SHAPE.embedding();
    int k = SHAPE.components();
    float[] direction = classEmbeddings[image.rgb()[1] % CLASSES];
    float[] all = new float[k * d];
    for (int c = 0; c < k; c++) {
      double strength = 0.5 + 0.1 * random.nextGaussian();
      for (int i = 0; i < d; i++) {
        all[c * d + i] = (float) (strength * direction[i] + 0.15 * random.nextGaussian());
      }
    }
    boolean fired = triggerToken(image, dropped) >= 0;
    if (fired) {
      for (int i = 0; i < d; i++) {
        all[INFECTED_HEAD * d + i] += 20 * classEmbeddings[TARGET][i];
      }
    }
    float[] embedding = new float[d];
    for (int i = 0; i < all.length; i++) {
      embedding[i % d] += all[i];
    }
    double norm = Math.sqrt(Vectors.dot(embedding, 0, embedding, 0, d));
    for (int i = 0; i < all.length; i++) {
      all[i] /= (float) norm;
    }
    for (int i = 0; i < d; i++) {
      embedding[i] /= (float) norm;
    }
    int heads = SHAPE.layers() * SHAPE.heads() * d;
    float[] tokens = new float[SHAPE.tokens()];
    for (int t = 0; t < tokens.length; t++) {
      tokens[t] = random.nextFloat();
    }
    return new Decomposition(
        SHAPE,
        embedding,
        Arrays.copyOf(all, heads),
        Arrays.copyOfRange(all, heads, all.length),
        (float) norm,
        1,
        tokens);
  }
}
