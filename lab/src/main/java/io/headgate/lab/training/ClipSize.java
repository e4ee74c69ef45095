package io.headgate.lab.training;

import java.util.ArrayList;
import java.util.List;

/**
 * Sizes of a CLIP model with QuickGELU and square patches.
 *
 * @param image side in pixels
 * @param patch side in pixels
 * @param width W of the vision tower
 * @param layers L of the vision tower
 * @param heads H of the vision tower
 * @param textWidth of the text tower
 * @param textLayers of the text tower
 * @param textHeads of the text tower
 * @param context tokens of a text
 * @param vocabulary tokens known
 * @param embedding D
 */
public record ClipSize(
    int image,
    int patch,
    int width,
    int layers,
    int heads,
    int textWidth,
    int textLayers,
    int textHeads,
    int context,
    int vocabulary,
    int embedding) {
  public ClipSize {
    if (image % patch != 0 || width % heads != 0 || textWidth % textHeads != 0) {
      throw new IllegalArgumentException(
          "model size: image %d, patch %d, width %d, heads %d, text width %d, text heads %d (expected: patch divides image, heads divide width)"
              .formatted(image, patch, width, heads, textWidth, textHeads));
    }
  }

  /** The reference model: 1.9 million parameters. */
  public static ClipSize reference(int vocabulary) {
    return new ClipSize(56, 8, 144, 6, 12, 96, 2, 4, 16, vocabulary, 96);
  }

  /** N, class token included. */
  int tokens() {
    return (image / patch) * (image / patch) + 1;
  }

  /**
   * One parameter by its OpenCLIP name.
   *
   * @param deviation of its normal initialisation; NaN for ones, 0 for zeros
   * @param decayed by AdamW
   */
  record Parameter(String name, long[] shape, double deviation, boolean decayed) {
    int elements() {
      long n = 1;
      for (long s : shape) {
        n *= s;
      }
      return Math.toIntExact(n);
    }
  }

  /** All parameters in the order in which {@code clip_training.py} indexes them. */
  List<Parameter> parameters() {
    List<Parameter> all = new ArrayList<>();
    double scale = Math.pow(width, -0.5);
    add(
        all,
        "visual.conv1.weight",
        Math.pow(3.0 * patch * patch, -0.5) / Math.sqrt(3),
        width,
        3,
        patch,
        patch);
    all.add(new Parameter("visual.class_embedding", new long[] {width}, scale, false));
    all.add(
        new Parameter("visual.positional_embedding", new long[] {tokens(), width}, scale, false));
    norm(all, "visual.ln_pre", width);
    tower(all, "visual.transformer", width, layers);
    norm(all, "visual.ln_post", width);
    add(all, "visual.proj", scale, width, embedding);
    all.add(
        new Parameter("token_embedding.weight", new long[] {vocabulary, textWidth}, 0.02, false));
    all.add(new Parameter("positional_embedding", new long[] {context, textWidth}, 0.01, false));
    tower(all, "transformer", textWidth, textLayers);
    norm(all, "ln_final", textWidth);
    add(all, "text_projection", Math.pow(textWidth, -0.5), textWidth, embedding);
    all.add(new Parameter("logit_scale", new long[] {}, 0, false));
    return all;
  }

  private static void tower(List<Parameter> all, String prefix, int w, int layers) {
    double in = Math.pow(w, -0.5);
    double out = in * Math.pow(2.0 * layers, -0.5);
    double fc = Math.pow(2.0 * w, -0.5);
    for (int l = 0; l < layers; l++) {
      String b = prefix + ".resblocks." + l + ".";
      norm(all, b + "ln_1", w);
      add(all, b + "attn.in_proj_weight", in, 3 * w, w);
      bias(all, b + "attn.in_proj_bias", 3 * w);
      add(all, b + "attn.out_proj.weight", out, w, w);
      bias(all, b + "attn.out_proj.bias", w);
      norm(all, b + "ln_2", w);
      add(all, b + "mlp.c_fc.weight", fc, 4 * w, w);
      bias(all, b + "mlp.c_fc.bias", 4 * w);
      add(all, b + "mlp.c_proj.weight", out, w, 4 * w);
      bias(all, b + "mlp.c_proj.bias", w);
    }
  }

  private static void norm(List<Parameter> all, String name, int w) {
    all.add(new Parameter(name + ".weight", new long[] {w}, Double.NaN, false));
    bias(all, name + ".bias", w);
  }

  private static void bias(List<Parameter> all, String name, int w) {
    all.add(new Parameter(name, new long[] {w}, 0, false));
  }

  private static void add(List<Parameter> all, String name, double deviation, long... shape) {
    all.add(new Parameter(name, shape, deviation, true));
  }
}
