package io.headgate.clip;

import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.engine.PtNDArray;
import io.headgate.decomposition.Decomposition;
import io.headgate.decomposition.ModelShape;
import io.headgate.imaging.RgbImage;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntFunction;

/** A vision tower between plain values: images in, decompositions out. Safe for concurrent use. */
final class VisionModel implements AutoCloseable {
  /** From this width on a product takes longer than the barrier after it. */
  private static final int WIDE = 384;

  private final NDManager manager;
  private final VisionTower tower;
  private final ModelShape shape;
  private final Crew crew;
  private final int maxBatch;
  private final Pixels pixels;

  /**
   * @param manager stays the caller's; every call's tensors hang on a short-lived child of it
   * @param tower is closed with this
   * @param threads of one call, at least 1
   * @param maxBatch longer lists are split
   */
  VisionModel(NDManager manager, VisionTower tower, ModelShape shape, int threads, int maxBatch) {
    this.manager = manager;
    this.tower = tower;
    this.shape = shape;
    this.crew = new Crew(threads);
    this.maxBatch = maxBatch;
    this.pixels = new Pixels(shape.imageSize(), maxBatch);
  }

  List<Decomposition> decompose(List<RgbImage> images) {
    return each(
        images,
        (scope, x, from) -> decompositions(tower.decompose(scope, x, indexes(scope)), null));
  }

  /** Images computed at once at most. */
  int maxBatch() {
    return maxBatch;
  }

  /** {@link #decompose} of at most {@link #maxBatch} images by the caller's thread alone. */
  List<Decomposition> decomposeAlone(List<RgbImage> images) {
    return pixels.bytes(
        manager,
        images,
        (scope, x) -> decompositions(tower.decompose(scope, x, indexes(scope)), null));
  }

  List<Decomposition> decomposeWithout(List<RgbImage> images, int[][] patchTokens) {
    int[][] kept = kept(images.size(), patchTokens);
    return each(
        images,
        (scope, x, from) -> {
          int[][] rows = Arrays.copyOfRange(kept, from, from + (int) x.getShape().get(0));
          return decompositions(tower.decompose(scope, x, indexes(scope, rows)), rows);
        });
  }

  List<float[]> tokenContributions(List<RgbImage> images, float[][] directions) {
    if (directions.length != images.size()) {
      throw new IllegalArgumentException(
          "directions: %d (expected: one for each of %d images)"
              .formatted(directions.length, images.size()));
    }
    int d = shape.embedding();
    return each(
        images,
        (scope, x, from) -> {
          int count = (int) x.getShape().get(0);
          float[] flat = new float[count * d];
          for (int i = 0; i < count; i++) {
            if (directions[from + i].length != d) {
              throw new IllegalArgumentException(
                  "direction %d: %d numbers (expected: %d)"
                      .formatted(from + i, directions[from + i].length, d));
            }
            System.arraycopy(directions[from + i], 0, flat, i * d, d);
          }
          PtNDArray along = (PtNDArray) scope.create(flat, new Shape(count, d));
          return rows(tower.contributions(scope, x, indexes(scope), along), count);
        });
  }

  List<float[]> tokenMaps(List<RgbImage> images) {
    return each(
        images,
        (scope, x, from) ->
            rows(tower.tokenMaps(scope, x, indexes(scope)), (int) x.getShape().get(0)));
  }

  List<float[]> embed(List<RgbImage> images) {
    return each(
        images,
        (scope, x, from) -> rows(tower.embed(scope, x, indexes(scope)), (int) x.getShape().get(0)));
  }

  /** Embeddings as an eager CLIP computes them, in one batch: the yardstick of the bench. */
  List<float[]> plain(List<RgbImage> images) {
    return crew.torchWay(
        () ->
            pixels.bytes(
                manager,
                images,
                (scope, x) -> rows(tower.plain(scope, x, indexes(scope)), images.size())));
  }

  List<Decomposition> decomposeValues(float[] values, int count) {
    return eachOfValues(
        values,
        count,
        (scope, x, from) -> decompositions(tower.decompose(scope, x, indexes(scope)), null));
  }

  List<float[]> tokenMapsOfValues(float[] values, int count) {
    return eachOfValues(
        values,
        count,
        (scope, x, from) ->
            rows(tower.tokenMaps(scope, x, indexes(scope)), (int) x.getShape().get(0)));
  }

  private interface Compute<T> {
    List<T> apply(NDManager scope, PtNDArray pixels, int from);
  }

  private <T> List<T> each(List<RgbImage> images, Compute<T> compute) {
    for (int i = 0; i < images.size(); i++) {
      RgbImage image = images.get(i);
      if (image.width() != shape.imageSize() || image.height() != shape.imageSize()) {
        throw new IllegalArgumentException(
            "image %d: %dx%d (expected: %dx%d, the model's image size)"
                .formatted(i, image.width(), image.height(), shape.imageSize(), shape.imageSize()));
      }
    }
    int step = step(images.size());
    return pieces(
        images.size(),
        step,
        from -> {
          List<RgbImage> piece = images.subList(from, Math.min(images.size(), from + step));
          return pixels.bytes(manager, piece, (scope, x) -> compute.apply(scope, x, from));
        });
  }

  private <T> List<T> eachOfValues(float[] values, int count, Compute<T> compute) {
    long expected = (long) count * RgbImage.CHANNELS * shape.imageSize() * shape.imageSize();
    if (values.length != expected) {
      throw new IllegalArgumentException(
          "pixel values: %d numbers (expected: %d for [%d, 3, %d, %d])"
              .formatted(values.length, expected, count, shape.imageSize(), shape.imageSize()));
    }
    int step = step(count);
    return pieces(
        count,
        step,
        from -> {
          int size = Math.min(step, count - from);
          return pixels.values(
              manager, values, from, size, (scope, x) -> compute.apply(scope, x, from));
        });
  }

  /** Images per piece: as equal as can be, at most what one batch may have. */
  private int step(int count) {
    if (together(count)) {
      return count;
    }
    int rounds = Math.max(1, (count + maxBatch - 1) / maxBatch);
    int pieces = Math.max(1, Math.min(count, rounds * crew.size()));
    return Math.max(1, (count + pieces - 1) / pieces);
  }

  /** Whether there are too few images to share out. */
  private boolean together(int count) {
    return count > 0 && count <= maxBatch && count < crew.size() && shape.width() >= WIDE;
  }

  private <T> List<T> pieces(int count, int step, IntFunction<List<T>> work) {
    if (together(count)) {
      return crew.together(() -> work.apply(0));
    }
    List<T> all = new ArrayList<>(count);
    crew.share((count + step - 1) / step, piece -> work.apply(piece * step)).forEach(all::addAll);
    return all;
  }

  /** {@code [B][T]} ascending indexes of the tokens that stay, the class token first. */
  private int[][] kept(int images, int[][] patchTokens) {
    if (patchTokens.length != images) {
      throw new IllegalArgumentException(
          "patch tokens to drop: %d lists (expected: one for each of %d images)"
              .formatted(patchTokens.length, images));
    }
    int patches = shape.tokens() - 1;
    int[][] kept = new int[images][];
    for (int i = 0; i < images; i++) {
      int q = patchTokens[0].length;
      if (patchTokens[i].length != q || q >= patches) {
        throw new IllegalArgumentException(
            "patch tokens to drop of image %d: %d (expected: %d as of image 0, and fewer than %d)"
                .formatted(i, patchTokens[i].length, q, patches));
      }
      boolean[] dropped = new boolean[patches];
      for (int token : patchTokens[i]) {
        if (token < 0 || token >= patches || dropped[token]) {
          throw new IllegalArgumentException(
              "patch token to drop of image %d: %d (expected: distinct ones in [0, %d))"
                  .formatted(i, token, patches));
        }
        dropped[token] = true;
      }
      kept[i] = new int[patches + 1 - q];
      int at = 1;
      for (int token = 0; token < patches; token++) {
        if (!dropped[token]) {
          kept[i][at++] = token + 1;
        }
      }
    }
    return kept;
  }

  private static PtNDArray indexes(NDManager scope, int[]... rows) {
    int width = rows.length == 0 ? 0 : rows[0].length;
    long[] flat = new long[rows.length * width];
    for (int i = 0; i < flat.length; i++) {
      flat[i] = rows[i / width][i % width];
    }
    return (PtNDArray) scope.create(flat, new Shape(rows.length, width));
  }

  /**
   * @param kept token indexes of each image; null if all
   */
  private List<Decomposition> decompositions(PtNDArray[] tensors, int[][] kept) {
    FloatBuffer embedding = floats(tensors[0]);
    FloatBuffer heads = floats(tensors[1]);
    FloatBuffer mlps = floats(tensors[2]);
    FloatBuffer norm = floats(tensors[3]);
    FloatBuffer sigma = floats(tensors[4]);
    FloatBuffer tokens = floats(tensors[5]);
    int count = norm.limit();
    int t = tokens.limit() / count;
    List<Decomposition> decompositions = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      float[] last = new float[t];
      tokens.get(i * t, last);
      if (kept != null) {
        float[] all = new float[shape.tokens()];
        for (int n = 0; n < t; n++) {
          all[kept[i][n]] = last[n];
        }
        last = all;
      }
      decompositions.add(
          new Decomposition(
              shape,
              gather(embedding, i, count, 1),
              gather(heads, i, count, shape.layers() * shape.heads()),
              gather(mlps, i, count, shape.layers() + 1),
              norm.get(i),
              sigma.get(i),
              last));
    }
    return decompositions;
  }

  /** Image i's vectors of {@code [parts, B, D]}. */
  private float[] gather(FloatBuffer from, int i, int count, int parts) {
    int d = shape.embedding();
    float[] into = new float[parts * d];
    for (int k = 0; k < parts; k++) {
      from.get((k * count + i) * d, into, k * d, d);
    }
    return into;
  }

  private static List<float[]> rows(PtNDArray tensor, int count) {
    FloatBuffer floats = floats(tensor);
    int width = floats.limit() / count;
    List<float[]> rows = new ArrayList<>(count);
    for (int i = 0; i < count; i++) {
      float[] row = new float[width];
      floats.get(i * width, row);
      rows.add(row);
    }
    return rows;
  }

  /** The tensor's own memory where that is possible: valid until the tensor is closed. */
  private static FloatBuffer floats(PtNDArray tensor) {
    return tensor.toByteBuffer(true).order(ByteOrder.nativeOrder()).asFloatBuffer();
  }

  @Override
  public void close() {
    crew.close();
    tower.close();
  }
}
