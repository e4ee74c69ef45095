package io.headgate.weights;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Names that checkpoints give to tensors, turned into the canonical ones, which are OpenCLIP's. */
enum Naming {
  OPEN_CLIP {
    @Override
    void canonicalise(Path file, Map<String, WeightTensor> stored, Canonical out) {
      stored.forEach(
          (name, tensor) -> {
            String canonical = name.startsWith("text.") ? name.substring(5) : name;
            if (!OPEN_CLIP_IGNORED.matcher(canonical).matches()) {
              out.put(canonical, tensor);
            }
          });
    }
  },

  TRANSFORMERS {
    @Override
    void canonicalise(Path file, Map<String, WeightTensor> stored, Canonical out) {
      Map<String, WeightTensor> apart = new LinkedHashMap<>();
      stored.forEach(
          (name, tensor) -> {
            if (TRANSFORMERS_IGNORED.matcher(name).matches()) {
              return;
            }
            Matcher layer = TRANSFORMERS_LAYER.matcher(name);
            if (layer.matches()) {
              String block =
                  (layer.group(1).equals("vision") ? VISION : "") + BLOCKS + layer.group(2) + ".";
              String inner = layer.group(3);
              if (QKV.matcher(inner).matches()) {
                apart.put(block + inner, tensor);
              } else {
                out.put(block + inLayer(inner), tensor);
              }
            } else if (name.equals("visual_projection.weight")) {
              out.put(VISION + "proj", transposed(file, tensor));
            } else if (name.equals("text_projection.weight")) {
              out.put("text_projection", transposed(file, tensor));
            } else {
              out.put(TRANSFORMERS_TOP.getOrDefault(name, name), tensor);
            }
          });
      fuse(file, apart, out);
    }
  };

  static final String VISION = "visual.";
  static final String BLOCKS = "transformer.resblocks.";
  static final String LOGIT_SCALE = "logit_scale";

  /** Prefixes that wrappers put before every name. */
  private static final List<String> WRAPPERS = List.of("module.", "_orig_mod.", "model.");

  /** Buffers that say nothing which the shapes and the architecture do not. */
  private static final Pattern OPEN_CLIP_IGNORED =
      Pattern.compile("(.*\\.)?attn_mask|input_resolution|context_length|vocab_size");

  private static final Pattern TRANSFORMERS_IGNORED =
      Pattern.compile("(text|vision)_model\\.embeddings\\.position_ids");

  private static final Pattern TRANSFORMERS_LAYER =
      Pattern.compile("(text|vision)_model\\.encoder\\.layers\\.(\\d{1,4})\\.(.+)");

  private static final Pattern QKV = Pattern.compile("self_attn\\.([qkv])_proj\\.(weight|bias)");

  /** The library's own spelling is pre_layrnorm. */
  private static final Map<String, String> TRANSFORMERS_TOP =
      Map.ofEntries(
          Map.entry("vision_model.embeddings.class_embedding", "visual.class_embedding"),
          Map.entry("vision_model.embeddings.patch_embedding.weight", "visual.conv1.weight"),
          Map.entry(
              "vision_model.embeddings.position_embedding.weight", "visual.positional_embedding"),
          Map.entry("vision_model.pre_layrnorm.weight", "visual.ln_pre.weight"),
          Map.entry("vision_model.pre_layrnorm.bias", "visual.ln_pre.bias"),
          Map.entry("vision_model.post_layernorm.weight", "visual.ln_post.weight"),
          Map.entry("vision_model.post_layernorm.bias", "visual.ln_post.bias"),
          Map.entry("text_model.embeddings.token_embedding.weight", "token_embedding.weight"),
          Map.entry("text_model.embeddings.position_embedding.weight", "positional_embedding"),
          Map.entry("text_model.final_layer_norm.weight", "ln_final.weight"),
          Map.entry("text_model.final_layer_norm.bias", "ln_final.bias"));

  abstract void canonicalise(Path file, Map<String, WeightTensor> stored, Canonical out);

  /** Names without what wrappers put before them. */
  static Map<String, WeightTensor> unwrapped(Map<String, WeightTensor> stored) {
    Optional<String> wrapper =
        WRAPPERS.stream()
            .filter(w -> !stored.isEmpty())
            .filter(w -> stored.keySet().stream().allMatch(name -> name.startsWith(w)))
            .findFirst();
    if (wrapper.isEmpty()) {
      return stored;
    }
    Map<String, WeightTensor> unwrapped = new LinkedHashMap<>();
    stored.forEach((name, t) -> unwrapped.put(name.substring(wrapper.get().length()), t));
    return unwrapped(unwrapped);
  }

  /**
   * @throws WeightsException if the names are of neither scheme
   */
  static Naming of(Path file, Map<String, WeightTensor> unwrapped) {
    if (unwrapped.keySet().stream().anyMatch(n -> n.startsWith("vision_model."))) {
      return TRANSFORMERS;
    }
    if (unwrapped.keySet().stream().anyMatch(n -> n.startsWith(VISION))) {
      return OPEN_CLIP;
    }
    throw new WeightsException(
        file,
        "tensors %s (expected: a CLIP's, named visual.* as in OpenCLIP or vision_model.* as in transformers)"
            .formatted(Listing.of(unwrapped.keySet())));
  }

  /** Canonical tensors, sorted by name. */
  SortedMap<String, WeightTensor> canonical(Path file, Map<String, WeightTensor> unwrapped) {
    Canonical out = new Canonical(file);
    canonicalise(file, unwrapped, out);
    return out.tensors;
  }

  private static String inLayer(String name) {
    return name.replaceFirst("^layer_norm([12])\\.", "ln_$1.")
        .replaceFirst("^mlp\\.fc1\\.", "mlp.c_fc.")
        .replaceFirst("^mlp\\.fc2\\.", "mlp.c_proj.")
        .replaceFirst("^self_attn\\.out_proj\\.", "attn.out_proj.");
  }

  private static WeightTensor transposed(Path file, WeightTensor tensor) {
    if (tensor.shape().length != 2) {
      throw new WeightsException(file, "tensor %s (expected: a matrix)".formatted(tensor));
    }
    return tensor.transposed();
  }

  /** Queries, keys and values, which transformers keeps apart, become one tensor in this order. */
  private static void fuse(Path file, Map<String, WeightTensor> apart, Canonical out) {
    apart.forEach(
        (name, q) -> {
          int at = name.indexOf("self_attn.q_proj.");
          if (at < 0) {
            if (!apart.containsKey(
                name.replaceFirst("self_attn\\.[kv]_proj", "self_attn.q_proj"))) {
              throw new WeightsException(
                  file, "tensor %s: its q_proj is missing".formatted(q.name()));
            }
            return;
          }
          List<WeightTensor> parts = new ArrayList<>();
          for (String which : List.of("q", "k", "v")) {
            WeightTensor part = apart.get(name.replace("self_attn.q_", "self_attn." + which + "_"));
            if (part == null
                || part.dtype() != q.dtype()
                || part.shape().length == 0
                || !Arrays.equals(part.shape(), q.shape())) {
              throw new WeightsException(
                  file,
                  "tensor %s: its %s_proj is %s (expected: the same type and sizes)"
                      .formatted(q, which, part == null ? "missing" : part));
            }
            parts.add(part);
          }
          String fused = name.replace("self_attn.q_proj.", "attn.in_proj_");
          out.put(fused, WeightTensor.concatenated(fused, parts));
        });
  }

  /** Collects tensors under canonical names and refuses two of one name. */
  static final class Canonical {
    private final Path file;
    private final SortedMap<String, WeightTensor> tensors = new TreeMap<>();

    Canonical(Path file) {
      this.file = file;
    }

    void put(String name, WeightTensor tensor) {
      boolean oneNumber = name.equals(LOGIT_SCALE) && Arrays.equals(tensor.shape(), new long[] {1});
      WeightTensor before = tensors.put(name, (oneNumber ? tensor.scalar() : tensor).renamed(name));
      if (before != null) {
        throw new WeightsException(file, "two tensors for %s".formatted(Listing.quoted(name)));
      }
    }
  }

  /** As a user would say it. */
  String label() {
    return switch (this) {
      case OPEN_CLIP -> "OpenCLIP";
      case TRANSFORMERS -> "transformers";
    };
  }
}
