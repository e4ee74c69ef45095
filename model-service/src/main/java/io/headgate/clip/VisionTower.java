package io.headgate.clip;

import ai.djl.ndarray.NDManager;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.jni.IValue;
import io.headgate.decomposition.ModelShape;
import io.headgate.zeroshot.ZeroShotClassifier;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** The vision program with its weights. Safe for concurrent callers. */
final class VisionTower implements AutoCloseable {
  private static final List<String> SINGLE =
      List.of(
          "mean",
          "std",
          "conv1",
          "class_embedding",
          "positional_embedding",
          "ln_pre_weight",
          "ln_pre_bias",
          "last_kv_weight",
          "last_kv_bias",
          "gamma_proj",
          "ones_gamma_proj",
          "beta_proj",
          "head_proj",
          "out_bias_proj",
          "classes",
          "class_directions");

  private final Program program;
  private final IValue weights;

  private VisionTower(Program program, IValue weights) {
    this.program = program;
    this.weights = weights;
  }

  static VisionTower load(
      NDManager owner,
      Parameters parameters,
      VisionSpec spec,
      Arithmetic arithmetic,
      Optional<ZeroShotClassifier> classifier) {
    ModelShape shape = spec.shape();
    int width = shape.width();
    Map<String, Integer> positions = WeightList.positions(SINGLE, Tower.PER_LAYER);
    Map<String, Object> placeholders =
        Tower.placeholders(
            width,
            shape.layers(),
            shape.heads(),
            shape.embedding(),
            spec.layerNormEps(),
            spec.quickGelu(),
            arithmetic);
    placeholders.putAll(positions);
    placeholders.put("grid", shape.grid());
    placeholders.put("patch", shape.patchSize());
    Program program =
        Program.load(owner, placeholders, "vision.torchscript", arithmetic.resource());
    int size = SINGLE.size() + shape.layers() * Tower.PER_LAYER.size();
    try (WeightList weights = new WeightList(owner, parameters, positions, size)) {
      Tower.Packer pack = new Tower.Packer(program, weights, arithmetic.compute());
      int patch = shape.patchSize();
      weights.set(
          "mean", pack.plain(weights.staged(perPixel(spec.mean(), patch), 3L * patch * patch)));
      weights.set(
          "std", pack.plain(weights.staged(perPixel(spec.std(), patch), 3L * patch * patch)));
      weights.set(
          "conv1",
          pack.matrix(
              weights.staged(
                  channelsLast(parameters.all("visual.conv1.weight"), width, patch),
                  width,
                  3L * patch * patch)));
      weights.set("class_embedding", pack.plain(weights.staged("visual.class_embedding")));
      weights.set(
          "positional_embedding", pack.plain(weights.staged("visual.positional_embedding")));
      weights.set("ln_pre_weight", pack.plain(weights.staged("visual.ln_pre.weight")));
      weights.set("ln_pre_bias", pack.plain(weights.staged("visual.ln_pre.bias")));
      for (int layer = 0; layer < shape.layers(); layer++) {
        pack.layer("visual.", layer, spec.quickGelu());
        String attention = "visual.transformer.resblocks." + layer + ".attn.";
        String in = attention + "in_proj_weight";
        String bias = attention + "in_proj_bias";
        if (layer < shape.layers() - 1) {
          weights.set(layer, "in_proj_weight", pack.matrix(weights.staged(in)));
          weights.set(layer, "in_proj_bias", pack.bias(weights.staged(bias)));
        } else {
          weights.set(layer, "in_proj_weight", pack.matrix(weights.staged(in, 0, width, width)));
          weights.set(layer, "in_proj_bias", pack.bias(weights.staged(bias, 0, width)));
          weights.set(
              "last_kv_weight",
              pack.matrix(weights.staged(in, (long) width * width, 2L * width, width)));
          weights.set("last_kv_bias", pack.bias(weights.staged(bias, width, 2L * width)));
        }
      }
      fold(weights, pack, parameters, program, shape);
      classes(weights, pack, classifier, shape.embedding());
      return new VisionTower(program, weights.list());
    } catch (RuntimeException | Error e) {
      program.close();
      throw e;
    }
  }

  /** Γ = diag(γ)·P and what comes of it: W_O[h]·Γ for every head, b_O·Γ/H, 1·Γ, β·P. */
  private static void fold(
      WeightList weights,
      Tower.Packer pack,
      Parameters parameters,
      Program program,
      ModelShape shape) {
    int width = shape.width();
    int embedding = shape.embedding();
    float[] gamma = parameters.all("visual.ln_post.weight");
    float[] beta = parameters.all("visual.ln_post.bias");
    float[] projection = parameters.all("visual.proj");
    float[] gammaProjection = new float[projection.length];
    double[] ones = new double[embedding];
    double[] shift = new double[embedding];
    for (int i = 0; i < width; i++) {
      for (int j = 0; j < embedding; j++) {
        int at = i * embedding + j;
        gammaProjection[at] = gamma[i] * projection[at];
        ones[j] += (double) gamma[i] * projection[at];
        shift[j] += (double) beta[i] * projection[at];
      }
    }
    PtNDArray folded = pack.plain(weights.staged(gammaProjection, width, embedding));
    weights.set("gamma_proj", folded);
    weights.set("ones_gamma_proj", pack.plain(weights.staged(floats(ones), 1, embedding)));
    weights.set("beta_proj", pack.plain(weights.staged(floats(shift), 1, embedding)));
    List<PtNDArray> heads = new ArrayList<>();
    List<PtNDArray> biases = new ArrayList<>();
    for (int layer = 0; layer < shape.layers(); layer++) {
      String out = "visual.transformer.resblocks." + layer + ".attn.out_proj.";
      heads.add(pack.apply("fold", weights.staged(out + "weight"), folded));
      biases.add(pack.apply("fold_bias", weights.staged(out + "bias"), folded));
    }
    weights.set("head_proj", pack.concatenate(heads));
    weights.set("out_bias_proj", pack.concatenate(biases));
  }

  private static void classes(
      WeightList weights,
      Tower.Packer pack,
      Optional<ZeroShotClassifier> classifier,
      int embedding) {
    float[] texts = classifier.map(c -> flat(c.embeddings())).orElse(new float[0]);
    float[] directions = classifier.map(c -> flat(c.directions())).orElse(new float[0]);
    long k = texts.length / embedding;
    weights.set("classes", pack.plain(weights.staged(texts, k, embedding)));
    weights.set("class_directions", pack.plain(weights.staged(directions, k, embedding)));
  }

  /** [W,3,P,P] → [W,P,P,3]: the order in which bytes come. */
  private static float[] channelsLast(float[] weight, int width, int patch) {
    float[] moved = new float[weight.length];
    int area = patch * patch;
    for (int o = 0; o < width; o++) {
      for (int c = 0; c < 3; c++) {
        for (int p = 0; p < area; p++) {
          moved[(o * area + p) * 3 + c] = weight[(o * 3 + c) * area + p];
        }
      }
    }
    return moved;
  }

  /** A value per channel, repeated for every pixel of a patch. */
  private static float[] perPixel(float[] channels, int patch) {
    float[] repeated = new float[3 * patch * patch];
    for (int i = 0; i < repeated.length; i++) {
      repeated[i] = channels[i % 3];
    }
    return repeated;
  }

  private static float[] floats(double[] values) {
    float[] floats = new float[values.length];
    for (int i = 0; i < values.length; i++) {
      floats[i] = (float) values[i];
    }
    return floats;
  }

  private static float[] flat(float[][] rows) {
    float[] flat = new float[rows.length * rows[0].length];
    for (int i = 0; i < rows.length; i++) {
      System.arraycopy(rows[i], 0, flat, i * rows[0].length, rows[0].length);
    }
    return flat;
  }

  /** {@code [B,D]}, unit norm. */
  PtNDArray embed(NDManager scope, PtNDArray pixels, PtNDArray keep) {
    try (IValue x = IValue.from(pixels);
        IValue k = IValue.from(keep)) {
      return program.tensor(scope, "embed", x, k, weights);
    }
  }

  /** {@code [B,D]} as an eager CLIP computes it: the yardstick of the bench. */
  PtNDArray plain(NDManager scope, PtNDArray pixels, PtNDArray keep) {
    try (IValue x = IValue.from(pixels);
        IValue k = IValue.from(keep)) {
      return program.tensor(scope, "plain", x, k, weights);
    }
  }

  /** embedding [B,D], heads [L*H,B,D], mlps [L+1,B,D], norm [B,1], sigma [B,1], tokens [B,T]. */
  PtNDArray[] decompose(NDManager scope, PtNDArray pixels, PtNDArray keep) {
    try (IValue x = IValue.from(pixels);
        IValue k = IValue.from(keep)) {
      return program.tensors(scope, "decompose", x, k, weights);
    }
  }

  /** {@code [B,H,T]}. */
  PtNDArray tokenMaps(NDManager scope, PtNDArray pixels, PtNDArray keep) {
    try (IValue x = IValue.from(pixels);
        IValue k = IValue.from(keep)) {
      return program.tensor(scope, "token_maps", x, k, weights);
    }
  }

  /** {@code [B,L,H,T]} along {@code directions [B,D]}. */
  PtNDArray contributions(NDManager scope, PtNDArray pixels, PtNDArray keep, PtNDArray directions) {
    try (IValue x = IValue.from(pixels);
        IValue k = IValue.from(keep);
        IValue d = IValue.from(directions)) {
      return program.tensor(scope, "contributions", x, k, d, weights);
    }
  }

  @Override
  public void close() {
    weights.close();
    program.close();
  }
}
