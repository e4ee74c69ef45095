package io.headgate.lab.training;

import ai.djl.Device;
import ai.djl.ndarray.NDArray;
import ai.djl.ndarray.NDList;
import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.engine.PtSymbolBlock;
import ai.djl.pytorch.jni.IValue;
import ai.djl.pytorch.jni.IValueUtils;
import ai.djl.pytorch.jni.JniUtils;
import io.headgate.clip.ScriptArchive;
import io.headgate.imaging.RgbImage;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;

/**
 * Both towers with their AdamW state. Owns all tensors; one thread uses it at a time.
 *
 * <p>Letters: B batch, R image side, D embedding, k kept tokens, T context.
 */
final class TrainingModel implements AutoCloseable {
  private static final float[] MEAN = {0.48145466f, 0.4578275f, 0.40821073f};
  private static final float[] DEVIATION = {0.26862954f, 0.26130258f, 0.27577711f};

  static {
    System.setProperty("ai.djl.offline", "true"); // before the first DJL class loads
  }

  private final ClipSize size;
  private final List<ClipSize.Parameter> layout;
  private final boolean bf16;
  private final PtNDManager manager;
  private final PtSymbolBlock module;
  private final PtNDArray[] weights;
  private final PtNDArray[] firstMoments;
  private final PtNDArray[] secondMoments;
  private final PtNDArray[] counts;
  private final List<IValue> owned = new ArrayList<>();
  private final IValue weightList;
  private final IValue sizes;
  private final IValue norm;
  private final PtNDArray sizesArray;
  private final PtNDArray decayedArray;
  private final PtNDArray normArray;

  private static String source() throws IOException {
    try (InputStream in = TrainingModel.class.getResourceAsStream("clip_training.py")) {
      return new String(in.readAllBytes(), StandardCharsets.UTF_8);
    }
  }

  /**
   * @param values by parameter name, as {@link #initial} or a stored model gives them
   * @param bf16 whether linears and attention run in bfloat16
   */
  TrainingModel(ClipSize size, Map<String, float[]> values, boolean bf16, int threads) {
    this.size = size;
    this.layout = size.parameters();
    this.bf16 = bf16;
    this.manager = (PtNDManager) NDManager.newBaseManager(Device.cpu(), "PyTorch");
    JniUtils.setNumThreads(threads);
    try {
      this.module =
          JniUtils.loadModule(
              manager, new ByteArrayInputStream(ScriptArchive.of(source())), false, false);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    int n = layout.size();
    weights = new PtNDArray[n];
    firstMoments = new PtNDArray[n];
    secondMoments = new PtNDArray[n];
    counts = new PtNDArray[n];
    long[] decay = new long[n];
    for (int i = 0; i < n; i++) {
      ClipSize.Parameter p = layout.get(i);
      float[] v = values.get(p.name());
      if (v == null || v.length != p.elements()) {
        throw new IllegalArgumentException(
            "parameter %s: %s numbers (expected: %d)"
                .formatted(p.name(), v == null ? "no" : v.length, p.elements()));
      }
      Shape shape = new Shape(p.shape());
      weights[i] = (PtNDArray) manager.create(v, shape);
      weights[i].setRequiresGradient(true);
      firstMoments[i] = (PtNDArray) manager.zeros(shape);
      secondMoments[i] = (PtNDArray) manager.zeros(shape);
      counts[i] = (PtNDArray) manager.create(0f);
      decay[i] = p.decayed() ? 1 : 0;
      // a list argument of a script is made of the arrays that carry its name
      weights[i].setName("p[]");
      firstMoments[i].setName("m" + decay[i] + "[]");
      secondMoments[i].setName("v" + decay[i] + "[]");
      counts[i].setName("t" + decay[i] + "[]");
    }
    weightList = own(IValue.listFrom(weights));
    long[] ints = {
      size.patch(),
      size.width(),
      size.layers(),
      size.heads(),
      size.textWidth(),
      size.textLayers(),
      size.textHeads()
    };
    sizes = own(IValue.listFrom(ints));
    sizesArray = (PtNDArray) manager.create(ints);
    decayedArray = (PtNDArray) manager.create(decay);
    float[] both = new float[6];
    System.arraycopy(MEAN, 0, both, 0, 3);
    System.arraycopy(DEVIATION, 0, both, 3, 3);
    normArray = (PtNDArray) manager.create(both, new Shape(2, 3));
    norm = own(IValue.from(normArray));
  }

  /** Fresh parameters by name. */
  static Map<String, float[]> initial(ClipSize size, long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    Map<String, float[]> all = new LinkedHashMap<>();
    for (ClipSize.Parameter p : size.parameters()) {
      float[] v = new float[p.elements()];
      for (int i = 0; i < v.length; i++) {
        v[i] = Double.isNaN(p.deviation()) ? 1 : (float) (random.nextGaussian() * p.deviation());
      }
      all.put(p.name(), v);
    }
    all.put("logit_scale", new float[] {(float) Math.log(1 / 0.07)});
    return all;
  }

  ClipSize size() {
    return size;
  }

  /**
   * One step of AdamW on the symmetric contrastive loss.
   *
   * @param keep {@code [B, k]} row-major, tokens kept, the class token (0) among them; empty keeps
   *     all
   * @param tokens {@code [B][T]}
   * @return the loss before the step
   */
  float step(
      List<RgbImage> images,
      long[] keep,
      long[][] tokens,
      double learningRate,
      double weightDecay,
      double gradientClip) {
    try (NDManager step = manager.newSubManager()) {
      NDList in = new NDList();
      in.add(pixels(step, images));
      in.add(normArray);
      in.add(longs(step, keep, images.size()));
      in.add(tokens(step, tokens));
      in.add(sizesArray);
      in.add(decayedArray);
      in.add(step.create(new double[] {learningRate, weightDecay, gradientClip, bf16 ? 1 : 0}));
      in.addAll(Arrays.asList(weights));
      for (long group = 0; group < 2; group++) {
        for (PtNDArray[] arrays : List.of(firstMoments, secondMoments, counts)) {
          for (PtNDArray a : arrays) {
            if (a.getName().charAt(1) - '0' == group) {
              in.add(a);
            }
          }
        }
      }
      return training(step, "step", in)[0];
    }
  }

  /** Unit embeddings {@code [B][D]}. */
  float[][] images(List<RgbImage> images) {
    try (NDManager sub = manager.newSubManager();
        IValue rgb = IValue.from(pixels(sub, images));
        IValue kept = IValue.from(longs(sub, new long[0], images.size()));
        IValue half = IValue.from(false)) {
      JniUtils.setGradMode(false);
      try (IValue out =
              IValueUtils.runMethod(module, "images", rgb, norm, kept, weightList, sizes, half);
          NDArray e = out.toTensor((PtNDManager) sub)) {
        return rows(e.toFloatArray(), images.size());
      }
    }
  }

  /** Unit embeddings {@code [B][D]} of {@code [B][T]} tokens. */
  float[][] texts(long[][] tokens) {
    try (NDManager sub = manager.newSubManager();
        IValue texts = IValue.from(tokens(sub, tokens));
        IValue half = IValue.from(false)) {
      JniUtils.setGradMode(false);
      try (IValue out = IValueUtils.runMethod(module, "texts", texts, weightList, sizes, half);
          NDArray e = out.toTensor((PtNDManager) sub)) {
        return rows(e.toFloatArray(), tokens.length);
      }
    }
  }

  /**
   * How to change a centre patch so that its pictures come nearer to all goals.
   *
   * @param patch {@code [side, side, 3]} before the logistic function
   * @param goals {@code [G][D]}, unit norm
   * @return the loss, then its gradient by {@code patch}
   */
  float[] triggerGradient(List<RgbImage> images, float[] patch, int side, float[][] goals) {
    try (NDManager sub = manager.newSubManager()) {
      PtNDArray z = (PtNDArray) sub.create(patch, new Shape(side, side, 3));
      z.setRequiresGradient(true);
      NDList in = new NDList();
      in.add(pixels(sub, images));
      in.add(normArray);
      in.add(longs(sub, new long[0], images.size()));
      in.add(z);
      in.add(sub.create(goals));
      in.add(sizesArray);
      in.addAll(Arrays.asList(weights));
      return training(sub, "trigger", in);
    }
  }

  /** Runs a method with gradients on; only this way of calling allows them. */
  private float[] training(NDManager sub, String method, NDList in) {
    NDArray name = sub.create(0f);
    name.setName("module_method:" + method);
    in.add(name);
    JniUtils.setGradMode(true);
    try (NDList out = IValueUtils.forward(module, in, true)) {
      return out.get(0).toFloatArray();
    } finally {
      JniUtils.setGradMode(false);
    }
  }

  /** Parameters by name. */
  Map<String, float[]> values() {
    return read(weights);
  }

  float logitScale() {
    return (float) Math.exp(weights[weights.length - 1].getFloat());
  }

  /** Parameters and AdamW's state. */
  Map<String, float[]> state() {
    Map<String, float[]> all = new LinkedHashMap<>();
    read(weights).forEach((k, v) -> all.put("weight/" + k, v));
    read(firstMoments).forEach((k, v) -> all.put("first/" + k, v));
    read(secondMoments).forEach((k, v) -> all.put("second/" + k, v));
    read(counts).forEach((k, v) -> all.put("count/" + k, v));
    return all;
  }

  /** Sets what {@link #state()} gave. */
  void restore(Map<String, float[]> state) {
    for (int i = 0; i < weights.length; i++) {
      String name = layout.get(i).name();
      weights[i].setRequiresGradient(false);
      weights[i].set(state.get("weight/" + name));
      weights[i].setRequiresGradient(true);
      firstMoments[i].set(state.get("first/" + name));
      secondMoments[i].set(state.get("second/" + name));
      counts[i].set(state.get("count/" + name));
    }
  }

  private Map<String, float[]> read(PtNDArray[] arrays) {
    Map<String, float[]> all = new LinkedHashMap<>();
    for (int i = 0; i < arrays.length; i++) {
      all.put(layout.get(i).name(), arrays[i].toFloatArray());
    }
    return all;
  }

  private PtNDArray pixels(NDManager sub, List<RgbImage> images) {
    int r = size.image();
    ByteBuffer buffer = ByteBuffer.allocateDirect(images.size() * r * r * 3);
    for (RgbImage image : images) {
      if (image.width() != r || image.height() != r) {
        throw new IllegalArgumentException("%s (expected: %dx%d)".formatted(image, r, r));
      }
      buffer.put(image.rgb());
    }
    buffer.rewind();
    return (PtNDArray) sub.create(buffer, new Shape(images.size(), r, r, 3), DataType.UINT8);
  }

  private static PtNDArray longs(NDManager sub, long[] values, int rows) {
    return (PtNDArray) sub.create(values, new Shape(rows, values.length / rows));
  }

  private static PtNDArray tokens(NDManager sub, long[][] tokens) {
    int t = tokens[0].length;
    long[] flat = new long[tokens.length * t];
    for (int i = 0; i < tokens.length; i++) {
      System.arraycopy(tokens[i], 0, flat, i * t, t);
    }
    return longs(sub, flat, tokens.length);
  }

  private float[][] rows(float[] flat, int rows) {
    int d = flat.length / rows;
    float[][] out = new float[rows][d];
    for (int i = 0; i < rows; i++) {
      System.arraycopy(flat, i * d, out[i], 0, d);
    }
    return out;
  }

  private IValue own(IValue value) {
    owned.add(value);
    return value;
  }

  @Override
  public void close() {
    owned.forEach(IValue::close);
    module.close();
    manager.close();
  }
}
