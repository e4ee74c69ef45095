package io.headgate.clip;

import io.headgate.decomposition.ModelShape;
import java.nio.FloatBuffer;
import java.util.Map;
import java.util.TreeMap;

/**
 * Seeded random parameters of any shape, with sizes as trained models have them: for measuring
 * speed and for property tests. Nothing is kept; every read makes the same numbers again.
 */
final class RandomParameters implements Parameters {
  private final Map<String, long[]> shapes = new TreeMap<>();
  private final long seed;

  private RandomParameters(long seed) {
    this.seed = seed;
  }

  /** Those of a vision tower. */
  static RandomParameters vision(ModelShape s, int mlpWidth, long seed) {
    RandomParameters p = new RandomParameters(seed);
    p.put("visual.conv1.weight", s.width(), 3, s.patchSize(), s.patchSize());
    p.put("visual.class_embedding", s.width());
    p.put("visual.positional_embedding", s.tokens(), s.width());
    p.norm("visual.ln_pre", s.width());
    p.norm("visual.ln_post", s.width());
    p.put("visual.proj", s.width(), s.embedding());
    p.blocks("visual.", s.layers(), s.width(), mlpWidth);
    return p;
  }

  /** With those of a text tower. */
  RandomParameters andText(TextSpec t, int context, int vocabulary, int mlpWidth) {
    put("token_embedding.weight", vocabulary, t.width());
    put("positional_embedding", context, t.width());
    norm("ln_final", t.width());
    put("text_projection", t.width(), t.embedding());
    blocks("", t.layers(), t.width(), mlpWidth);
    return this;
  }

  private void blocks(String prefix, int layers, int width, int mlpWidth) {
    for (int l = 0; l < layers; l++) {
      String block = prefix + "transformer.resblocks." + l + ".";
      norm(block + "ln_1", width);
      put(block + "attn.in_proj_weight", 3L * width, width);
      put(block + "attn.in_proj_bias", 3L * width);
      put(block + "attn.out_proj.weight", width, width);
      put(block + "attn.out_proj.bias", width);
      norm(block + "ln_2", width);
      put(block + "mlp.c_fc.weight", mlpWidth, width);
      put(block + "mlp.c_fc.bias", mlpWidth);
      put(block + "mlp.c_proj.weight", width, mlpWidth);
      put(block + "mlp.c_proj.bias", width);
    }
  }

  private void norm(String name, long width) {
    put(name + ".weight", width);
    put(name + ".bias", width);
  }

  private void put(String name, long... shape) {
    shapes.put(name, shape);
  }

  @Override
  public long[] shape(String name) {
    long[] shape = shapes.get(name);
    if (shape == null) {
      throw new IllegalArgumentException(
          "parameter: %s (expected: one of %s)".formatted(name, shapes.keySet()));
    }
    return shape.clone();
  }

  @Override
  public void read(String name, long offset, FloatBuffer into) {
    long[] shape = shape(name);
    long inputs = 1;
    for (int i = 1; i < shape.length; i++) {
      inputs *= shape[i];
    }
    boolean gain = name.endsWith(".weight") && name.contains("ln_");
    float centre = gain ? 1 : 0;
    boolean matrix = shape.length > 1 && !name.contains("embedding");
    float spread = (float) Math.sqrt(3) * (matrix ? (float) (1.2 / Math.sqrt(inputs)) : 0.2f);
    long salt = seed * 31 + name.hashCode();
    for (long i = offset; into.hasRemaining(); i++) {
      into.put(centre + spread * symmetric(salt * 0x2545F4914F6CDD1DL + i));
    }
  }

  /** Uniform in [−1, 1): SplitMix64's mixing of a counter. */
  private static float symmetric(long counter) {
    long z = counter * 0x9E3779B97F4A7C15L;
    z = (z ^ (z >>> 30)) * 0xBF58476D1CE4E5B9L;
    z = (z ^ (z >>> 27)) * 0x94D049BB133111EBL;
    return ((z ^ (z >>> 31)) >> 40) * 0x1p-23f;
  }
}
