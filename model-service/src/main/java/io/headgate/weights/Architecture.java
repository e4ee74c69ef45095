package io.headgate.weights;

import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.SortedMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Sizes of a pre-LN CLIP as its tensors' shapes tell them; the number of heads is not among them.
 * Reading checks that every tensor such a CLIP needs is there in the right shape, and no other: a
 * tensor without a place in this forward pass means that the model computes something else.
 *
 * @param text empty if there is no text tower
 */
record Architecture(
    int imageSize, int patchSize, Tower vision, Optional<Text> text, int embedding) {
  private static final int MAX_SIZE = 1 << 20;

  /** What both towers have. */
  record Tower(int layers, int width, int mlpWidth) {}

  record Text(Tower tower, int contextLength, int vocabularySize) {}

  static Architecture of(Path file, SortedMap<String, WeightTensor> tensors) {
    return new Reader(file, tensors).read();
  }

  private static final class Reader {
    private final Path file;
    private final Map<String, WeightTensor> tensors;
    private final Set<String> used = new HashSet<>();

    Reader(Path file, Map<String, WeightTensor> tensors) {
      this.file = file;
      this.tensors = tensors;
    }

    Architecture read() {
      int[] patches = sizes("visual.conv1.weight", 4);
      int width = patches[0];
      int patch = patches[2];
      require("visual.conv1.weight", width, 3, patch, patch);
      int positions = sizes("visual.positional_embedding", 2)[0];
      int grid = (int) Math.round(Math.sqrt(positions - 1));
      if (grid < 1 || grid * grid + 1 != positions) {
        throw error(
            "tensor visual.positional_embedding: %d positions (expected: a class token and a square grid of patches)"
                .formatted(positions));
      }
      require("visual.positional_embedding", positions, width);
      require("visual.class_embedding", width);
      layerNorm("visual.ln_pre", width);
      layerNorm("visual.ln_post", width);
      int embedding = sizes("visual.proj", 2)[1];
      require("visual.proj", width, embedding);
      Tower vision = tower(Naming.VISION + Naming.BLOCKS, width);
      Optional<Text> text = hasText() ? Optional.of(text(embedding)) : Optional.empty();
      if (tensors.containsKey(Naming.LOGIT_SCALE)) {
        require(Naming.LOGIT_SCALE);
      }
      refuseOthers();
      return new Architecture(grid * patch, patch, vision, text, embedding);
    }

    private boolean hasText() {
      return tensors.keySet().stream()
          .anyMatch(n -> !n.startsWith(Naming.VISION) && !n.equals(Naming.LOGIT_SCALE));
    }

    private Text text(int embedding) {
      int[] vocabulary = sizes("token_embedding.weight", 2);
      int width = vocabulary[1];
      int context = sizes("positional_embedding", 2)[0];
      require("token_embedding.weight", vocabulary[0], width);
      require("positional_embedding", context, width);
      layerNorm("ln_final", width);
      require("text_projection", width, embedding);
      require(Naming.LOGIT_SCALE);
      return new Text(tower(Naming.BLOCKS, width), context, vocabulary[0]);
    }

    private Tower tower(String prefix, int width) {
      int layers = layers(prefix);
      int mlp = sizes(prefix + "0.mlp.c_fc.weight", 2)[0];
      for (int i = 0; i < layers; i++) {
        String block = prefix + i + ".";
        layerNorm(block + "ln_1", width);
        require(block + "attn.in_proj_weight", 3 * width, width);
        require(block + "attn.in_proj_bias", 3 * width);
        require(block + "attn.out_proj.weight", width, width);
        require(block + "attn.out_proj.bias", width);
        layerNorm(block + "ln_2", width);
        require(block + "mlp.c_fc.weight", mlp, width);
        require(block + "mlp.c_fc.bias", mlp);
        require(block + "mlp.c_proj.weight", width, mlp);
        require(block + "mlp.c_proj.bias", width);
      }
      return new Tower(layers, width, mlp);
    }

    private int layers(String prefix) {
      Pattern block = Pattern.compile(Pattern.quote(prefix) + "(\\d{1,4})\\..*");
      int last = 0;
      for (String name : tensors.keySet()) {
        Matcher matcher = block.matcher(name);
        if (matcher.matches()) {
          last = Math.max(last, Integer.parseInt(matcher.group(1)));
        }
      }
      return last + 1;
    }

    private void layerNorm(String name, int width) {
      require(name + ".weight", width);
      require(name + ".bias", width);
    }

    private int[] sizes(String name, int rank) {
      WeightTensor tensor = tensor(name);
      long[] shape = tensor.shape();
      if (shape.length != rank || Arrays.stream(shape).anyMatch(s -> s < 1 || s > MAX_SIZE)) {
        throw error(
            "tensor %s (expected: %d sizes from 1 to %,d)".formatted(tensor, rank, MAX_SIZE));
      }
      return Arrays.stream(shape).mapToInt(s -> (int) s).toArray();
    }

    private void require(String name, int... shape) {
      WeightTensor tensor = tensor(name);
      long[] expected = Arrays.stream(shape).asLongStream().toArray();
      if (!Arrays.equals(tensor.shape(), expected)) {
        throw error("tensor %s (expected: shape %s)".formatted(tensor, Arrays.toString(shape)));
      }
      if (!tensor.dtype().floating()) {
        throw error("tensor %s (expected: a floating type)".formatted(tensor));
      }
      used.add(name);
    }

    private WeightTensor tensor(String name) {
      WeightTensor tensor = tensors.get(name);
      if (tensor == null) {
        throw error(
            "tensor %s is missing (found: %s); the file is incomplete or holds another architecture"
                .formatted(name, Listing.of(tensors.keySet())));
      }
      return tensor;
    }

    private void refuseOthers() {
      Set<String> others = new TreeSet<>(tensors.keySet());
      others.removeAll(used);
      if (!others.isEmpty()) {
        throw error(
            "tensors without a place in a pre-LN CLIP: %s; this architecture is not supported"
                .formatted(Listing.of(others)));
      }
    }

    private WeightsException error(String problem) {
      return new WeightsException(file, problem);
    }
  }
}
