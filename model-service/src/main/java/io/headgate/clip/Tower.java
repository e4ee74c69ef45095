package io.headgate.clip;

import ai.djl.pytorch.engine.PtNDArray;
import ai.djl.pytorch.jni.IValue;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** What vision and text towers share: the layers' weights and the sizes their programs name. */
final class Tower {
  /** QuickGELU(x) = x·sigmoid(1.702 x) = swish(1.702 x) / 1.702: both factors go into weights. */
  private static final double QUICK_GELU = 1.702;

  static final List<String> PER_LAYER =
      List.of(
          "ln_1_weight",
          "ln_1_bias",
          "in_proj_weight",
          "in_proj_bias",
          "out_proj_weight",
          "out_proj_bias",
          "ln_2_weight",
          "ln_2_bias",
          "c_fc_weight",
          "c_fc_bias",
          "c_proj_weight",
          "c_proj_bias");

  private Tower() {}

  static Map<String, Object> placeholders(
      int width,
      int layers,
      int heads,
      int embedding,
      double eps,
      boolean quickGelu,
      Arithmetic arithmetic) {
    Map<String, Object> values = new HashMap<>();
    values.put("W", width);
    values.put("L", layers);
    values.put("H", heads);
    values.put("d", width / heads);
    values.put("D", embedding);
    values.put("eps", eps);
    values.put("scale", Math.pow((double) width / heads, -0.5));
    values.put("one_over_H", 1.0 / heads);
    values.put("one_over_C", 1.0 / (2 * layers + 1));
    values.put("uint8", Arithmetic.UINT8);
    values.put("float", Arithmetic.FLOAT32);
    values.put("compute", arithmetic.compute());
    values.put("activation", quickGelu ? "silu" : "gelu");
    values.put("pointwise", quickGelu ? "swish" : "gelu");
    values.put("plain_activation", quickGelu ? "h * torch.sigmoid(h * 1.)" : "torch.gelu(h)");
    return values;
  }

  /** Copies, packs and folds with the program's own methods, so that layouts fit its products. */
  record Packer(Program program, WeightList weights, int compute) {
    /** A matrix, ready for the program's products. */
    PtNDArray matrix(PtNDArray staged) {
      return apply("pack", staged);
    }

    /** A bias of such a matrix. */
    PtNDArray bias(PtNDArray staged) {
      return copy(staged, compute);
    }

    /** A float32 tensor. */
    PtNDArray plain(PtNDArray staged) {
      return copy(staged, Arithmetic.FLOAT32);
    }

    private PtNDArray copy(PtNDArray staged, int type) {
      try (staged;
          IValue in = IValue.from(staged);
          IValue dtype = IValue.from((long) type)) {
        return program.tensor(weights.manager(), "copy", in, dtype);
      }
    }

    PtNDArray apply(String method, PtNDArray staged) {
      try (staged;
          IValue in = IValue.from(staged)) {
        return program.tensor(weights.manager(), method, in);
      }
    }

    PtNDArray apply(String method, PtNDArray staged, PtNDArray other) {
      try (staged;
          IValue in = IValue.from(staged);
          IValue with = IValue.from(other)) {
        return program.tensor(weights.manager(), method, in, with);
      }
    }

    /** Joins along the first axis and closes the parts. */
    PtNDArray concatenate(List<PtNDArray> parts) {
      try (IValue list = IValue.listFrom(parts.toArray(PtNDArray[]::new))) {
        return program.tensor(weights.manager(), "concatenate", list);
      } finally {
        parts.forEach(PtNDArray::close);
      }
    }

    /** All of a layer's weights but {@code in_proj}. */
    void layer(String prefix, int layer, boolean quickGelu) {
      String block = prefix + "transformer.resblocks." + layer + ".";
      double up = quickGelu ? QUICK_GELU : 1;
      set(layer, "ln_1_weight", plain(weights.staged(block + "ln_1.weight")));
      set(layer, "ln_1_bias", plain(weights.staged(block + "ln_1.bias")));
      set(layer, "out_proj_weight", matrix(weights.staged(block + "attn.out_proj.weight")));
      set(layer, "out_proj_bias", bias(weights.staged(block + "attn.out_proj.bias")));
      set(layer, "ln_2_weight", plain(weights.staged(block + "ln_2.weight")));
      set(layer, "ln_2_bias", plain(weights.staged(block + "ln_2.bias")));
      set(layer, "c_fc_weight", matrix(weights.scaled(block + "mlp.c_fc.weight", up)));
      set(layer, "c_fc_bias", bias(weights.scaled(block + "mlp.c_fc.bias", up)));
      set(layer, "c_proj_weight", matrix(weights.scaled(block + "mlp.c_proj.weight", 1 / up)));
      set(layer, "c_proj_bias", bias(weights.staged(block + "mlp.c_proj.bias")));
    }

    private void set(int layer, String name, PtNDArray tensor) {
      weights.set(layer, name, tensor);
    }
  }
}
