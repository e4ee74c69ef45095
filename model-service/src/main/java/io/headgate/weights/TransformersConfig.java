package io.headgate.weights;

import io.headgate.weights.Stated.Size;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;

/**
 * Reads transformers' {@code config.json} of a CLIPModel or CLIPVisionModelWithProjection, and
 * {@code preprocessor_config.json} if it lies beside it. Fields that equal the library's defaults
 * may be absent.
 */
final class TransformersConfig {
  static final String NAME = "config.json";
  private static final String PREPROCESSOR = "preprocessor_config.json";

  private TransformersConfig() {}

  static Stated read(Path file) {
    ConfigFile root = ConfigFile.read(file);
    String type = root.text("model_type", "clip");
    boolean visionOnly = type.equals("clip_vision_model");
    if (!visionOnly && !type.equals("clip")) {
      throw root.wrong("model_type", type, "clip or clip_vision_model");
    }
    ConfigFile vision = visionOnly ? root : tower(root, "vision_config");
    ConfigFile text = tower(root, "text_config");
    Map<Size, Integer> sizes = new EnumMap<>(Size.class);
    int imageSize = vision.size("image_size", 224);
    sizes.put(Size.EMBEDDING, root.size("projection_dim", 512));
    sizes.put(Size.IMAGE_SIZE, imageSize);
    sizes.put(Size.PATCH_SIZE, vision.size("patch_size", 32));
    sizes.put(Size.LAYERS, vision.size("num_hidden_layers", 12));
    sizes.put(Size.WIDTH, vision.size("hidden_size", 768));
    sizes.put(Size.MLP_WIDTH, vision.size("intermediate_size", 3072));
    Activation activation = activation(vision);
    double eps = vision.number("layer_norm_eps", Stated.DEFAULT_EPS);
    if (!visionOnly) {
      sizes.put(Size.TEXT_LAYERS, text.size("num_hidden_layers", 12));
      sizes.put(Size.TEXT_WIDTH, text.size("hidden_size", 512));
      sizes.put(Size.TEXT_MLP_WIDTH, text.size("intermediate_size", 2048));
      sizes.put(Size.CONTEXT_LENGTH, text.size("max_position_embeddings", 77));
      sizes.put(Size.VOCABULARY_SIZE, text.size("vocab_size", 49408));
      if (activation(text) != activation) {
        throw text.wrong(
            "hidden_act",
            text.text("hidden_act", "quick_gelu"),
            "as in vision_config, " + vision.text("hidden_act", "quick_gelu"));
      }
      double textEps = text.number("layer_norm_eps", Stated.DEFAULT_EPS);
      if (textEps != eps) {
        throw text.wrong("layer_norm_eps", "" + textEps, "as in vision_config, " + eps);
      }
    }
    return new Stated(
        sizes,
        Optional.of(activation),
        OptionalInt.of(vision.size("num_attention_heads", 12)),
        OptionalInt.empty(),
        visionOnly ? OptionalInt.empty() : OptionalInt.of(text.size("num_attention_heads", 8)),
        eps,
        Optional.of(preprocessing(file.resolveSibling(PREPROCESSOR), imageSize)));
  }

  /** Files of the library's first versions have a second object, which wins as a whole. */
  private static ConfigFile tower(ConfigFile root, String field) {
    return root.object(root.has(field + "_dict") ? field + "_dict" : field);
  }

  private static Activation activation(ConfigFile tower) {
    String name = tower.text("hidden_act", "quick_gelu");
    return switch (name) {
      case "quick_gelu" -> Activation.QUICK_GELU;
      case "gelu" -> Activation.GELU;
      default -> throw tower.wrong("hidden_act", name, "quick_gelu or gelu");
    };
  }

  private static Preprocessing preprocessing(Path file, int imageSize) {
    Preprocessing clip = Preprocessing.clip(imageSize);
    if (!Files.exists(file)) {
      return clip;
    }
    ConfigFile config = ConfigFile.read(file);
    config.requireNeutral("do_resize", "true");
    config.requireNeutral("do_center_crop", "true");
    config.requireNeutral("do_rescale", "true");
    config.requireNeutral("do_normalize", "true");
    config.requireNeutral("resample", "3");
    requireSize(config, "size", "shortest_edge", imageSize);
    requireSize(config, "crop_size", "height", imageSize);
    requireSize(config, "crop_size", "width", imageSize);
    double rescale = config.number("rescale_factor", 1 / 255.0);
    if (Math.abs(rescale * 255 - 1) > 1e-6) {
      throw config.wrong("rescale_factor", "" + rescale, "1/255");
    }
    float[] mean = config.channels("image_mean");
    float[] std = config.channels("image_std");
    return new Preprocessing(
        imageSize, mean == null ? clip.mean() : mean, std == null ? clip.std() : std);
  }

  /** Older files hold one number where newer ones hold an object. */
  private static void requireSize(ConfigFile config, String field, String inner, int imageSize) {
    int size =
        config.isNumber(field)
            ? config.size(field, imageSize)
            : config.object(field).size(inner, imageSize);
    if (size != imageSize) {
      throw config.wrong(field, "" + size, "the model's image size " + imageSize);
    }
  }
}
