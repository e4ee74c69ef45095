package io.headgate.clip;

import ai.djl.ndarray.NDManager;
import ai.djl.ndarray.types.DataType;
import ai.djl.ndarray.types.Shape;
import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.engine.PtNDManager;
import ai.djl.pytorch.jni.IValue;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.FloatBuffer;
import java.util.List;
import java.util.Map;

/** The text program with its weights; the token embeddings stay in the file. */
final class TextTower implements AutoCloseable {
  private static final List<String> SINGLE =
      List.of("positional_embedding", "ln_final_weight", "ln_final_bias", "text_projection");

  /** Texts at once: bounds the memory. */
  private static final int BATCH = 32;

  private final Program program;
  private final IValue weights;
  private final Parameters parameters;
  private final TextSpec spec;

  private TextTower(Program program, IValue weights, Parameters parameters, TextSpec spec) {
    this.program = program;
    this.weights = weights;
    this.parameters = parameters;
    this.spec = spec;
  }

  static TextTower load(NDManager owner, Parameters parameters, TextSpec spec) {
    Arithmetic arithmetic = Arithmetic.plain(Precision.FP32);
    Map<String, Integer> positions = WeightList.positions(SINGLE, Tower.PER_LAYER);
    Map<String, Object> placeholders =
        Tower.placeholders(
            spec.width(),
            spec.layers(),
            spec.heads(),
            spec.embedding(),
            spec.layerNormEps(),
            spec.quickGelu(),
            arithmetic);
    placeholders.putAll(positions);
    Program program = Program.load(owner, placeholders, "text.torchscript", arithmetic.resource());
    int size = SINGLE.size() + spec.layers() * Tower.PER_LAYER.size();
    try (WeightList weights = new WeightList(owner, parameters, positions, size)) {
      Tower.Packer pack = new Tower.Packer(program, weights, arithmetic.compute());
      weights.set("positional_embedding", pack.plain(weights.staged("positional_embedding")));
      weights.set("ln_final_weight", pack.plain(weights.staged("ln_final.weight")));
      weights.set("ln_final_bias", pack.plain(weights.staged("ln_final.bias")));
      weights.set("text_projection", pack.plain(weights.staged("text_projection")));
      for (int layer = 0; layer < spec.layers(); layer++) {
        pack.layer("", layer, spec.quickGelu());
        String attention = "transformer.resblocks." + layer + ".attn.";
        weights.set(
            layer, "in_proj_weight", pack.matrix(weights.staged(attention + "in_proj_weight")));
        weights.set(layer, "in_proj_bias", pack.bias(weights.staged(attention + "in_proj_bias")));
      }
      return new TextTower(program, weights.list(), parameters, spec);
    } catch (RuntimeException | Error e) {
      program.close();
      throw e;
    }
  }

  /**
   * Unit text embeddings.
   *
   * @param crew shares out the texts
   * @param ids {@code [B][N]} token ids; the end of a text is its largest id, as in CLIP
   * @return {@code [B][D]}
   */
  float[][] encode(NDManager owner, Crew crew, int[][] ids) {
    float[][] embeddings = new float[ids.length][spec.embedding()];
    crew.share(
        (ids.length + BATCH - 1) / BATCH,
        batch -> {
          int from = batch * BATCH;
          int count = Math.min(BATCH, ids.length - from);
          FloatBuffer rows = FloatBuffer.wrap(encode(owner, ids, from, count));
          for (int i = from; i < from + count; i++) {
            rows.get(embeddings[i]);
          }
          return null;
        });
    return embeddings;
  }

  private float[] encode(NDManager owner, int[][] ids, int from, int count) {
    int length = 1;
    int[] ends = new int[count];
    for (int i = 0; i < count; i++) {
      ends[i] = end(ids[from + i]);
      length = Math.max(length, ends[i] + 1); // attention is causal: what follows an end is void
    }
    int width = spec.width();
    ByteBuffer bytes =
        ByteBuffer.allocateDirect(count * length * width * Float.BYTES)
            .order(ByteOrder.nativeOrder());
    FloatBuffer floats = bytes.asFloatBuffer();
    long[] positions = new long[count];
    for (int i = 0; i < count; i++) {
      positions[i] = ends[i];
      for (int n = 0; n < length; n++) {
        floats.limit(floats.position() + width);
        parameters.read("token_embedding.weight", (long) ids[from + i][n] * width, floats);
        floats.position(floats.limit());
      }
    }
    try (NDManager scope = owner.newSubManager();
        IValue x =
            IValue.from(
                ((PtNDManager) scope)
                    .create(bytes, new Shape(count, length, width), DataType.FLOAT32));
        IValue end = IValue.from((PtNDArray) scope.create(positions))) {
      return program.tensor(scope, "encode", x, end, weights).toFloatArray();
    }
  }

  private static int end(int[] ids) {
    int end = 0;
    for (int n = 1; n < ids.length; n++) {
      if (ids[n] > ids[end]) {
        end = n;
      }
    }
    return end;
  }

  @Override
  public void close() {
    weights.close();
    program.close();
  }
}
