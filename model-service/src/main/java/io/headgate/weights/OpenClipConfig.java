package io.headgate.weights;

import io.headgate.weights.Stated.Size;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * Reads {@code open_clip_config.json}, or a bare model configuration of OpenCLIP. Defaults are
 * those of OpenCLIP's {@code CLIPVisionCfg} and {@code CLIPTextCfg}.
 */
final class OpenClipConfig {
  static final String NAME = "open_clip_config.json";

  private OpenClipConfig() {}

  static Stated read(Path file) {
    ConfigFile root = ConfigFile.read(file);
    ConfigFile model = root.has("model_cfg") ? root.object("model_cfg") : root;
    ConfigFile vision = model.object("vision_cfg");
    ConfigFile text = model.object("text_cfg");
    refuseVariants(model, vision, text);

    Map<Size, Integer> sizes = new EnumMap<>(Size.class);
    int imageSize = vision.size("image_size", 224);
    int width = vision.size("width", 768);
    int headWidth = vision.size("head_width", 64);
    sizes.put(Size.EMBEDDING, model.size("embed_dim", 512));
    sizes.put(Size.IMAGE_SIZE, imageSize);
    sizes.put(Size.PATCH_SIZE, vision.size("patch_size", 16));
    sizes.put(Size.LAYERS, vision.size("layers", 12));
    sizes.put(Size.WIDTH, width);
    sizes.put(Size.MLP_WIDTH, (int) (width * vision.number("mlp_ratio", 4)));
    int textWidth = text.size("width", 512);
    sizes.put(Size.TEXT_LAYERS, text.size("layers", 12));
    sizes.put(Size.TEXT_WIDTH, textWidth);
    sizes.put(Size.TEXT_MLP_WIDTH, (int) (textWidth * text.number("mlp_ratio", 4)));
    sizes.put(Size.CONTEXT_LENGTH, text.size("context_length", 77));
    sizes.put(Size.VOCABULARY_SIZE, text.size("vocab_size", 49408));

    double eps = vision.object("norm_kwargs").number("eps", Stated.DEFAULT_EPS);
    double textEps = text.object("norm_kwargs").number("eps", Stated.DEFAULT_EPS);
    if (eps != textEps) {
      throw vision.wrong("norm_kwargs.eps", "" + eps, "as in text_cfg, " + textEps);
    }
    return new Stated(
        sizes,
        Optional.of(model.flag("quick_gelu", false) ? Activation.QUICK_GELU : Activation.GELU),
        OptionalInt.empty(),
        OptionalInt.of(headWidth),
        OptionalInt.of(text.size("heads", 8)),
        eps,
        Optional.of(preprocessing(root.object("preprocess_cfg"), imageSize)));
  }

  /** Options that change the forward pass. */
  private static void refuseVariants(ConfigFile model, ConfigFile vision, ConfigFile text) {
    model.requireNeutral("multimodal_cfg");
    model.requireNeutral("custom_text", "false", "true");
    vision.requireNeutral("timm_model_name");
    vision.requireNeutral("attentional_pool", "false");
    vision.requireNeutral("global_average_pool", "false");
    vision.requireNeutral("pool_type", "tok");
    vision.requireNeutral("final_ln_after_pool", "false");
    vision.requireNeutral("no_ln_pre", "false");
    vision.requireNeutral("input_patchnorm", "false");
    vision.requireNeutral("ls_init_value");
    vision.requireNeutral("block_type");
    vision.requireNeutral("qk_norm", "false");
    vision.requireNeutral("scaled_cosine_attn", "false");
    vision.requireNeutral("act_kwargs");
    vision.requireNeutral("pos_embed_type", "learnable", "sin_cos_2d");
    text.requireNeutral("hf_model_name");
    text.requireNeutral("embed_cls", "false");
    text.requireNeutral("pool_type", "argmax");
    text.requireNeutral("no_causal_mask", "false");
    text.requireNeutral("proj_bias", "false");
    text.requireNeutral("proj_type", "linear");
    text.requireNeutral("ls_init_value");
    text.requireNeutral("block_type");
    text.requireNeutral("qk_norm", "false");
    text.requireNeutral("scaled_cosine_attn", "false");
    text.requireNeutral("act_kwargs");
  }

  private static Preprocessing preprocessing(ConfigFile config, int imageSize) {
    config.requireNeutral("interpolation", "bicubic");
    config.requireNeutral("resize_mode", "shortest");
    config.requireNeutral("mode", "RGB");
    Preprocessing clip = Preprocessing.clip(imageSize);
    float[] mean = config.channels("mean");
    float[] std = config.channels("std");
    return new Preprocessing(
        imageSize, mean == null ? clip.mean() : mean, std == null ? clip.std() : std);
  }
}
