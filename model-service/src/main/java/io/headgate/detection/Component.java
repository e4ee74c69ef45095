package io.headgate.detection;

import io.headgate.decomposition.ModelShape;

/**
 * A summand of the embedding: an attention head or an MLP. Components are numbered heads first,
 * layer by layer, then MLPs, where MLP 0 is the class token's own row x⁰_cls.
 */
public record Component(Kind kind, int layer, int head) {
  /** What the summand is. */
  public enum Kind {
    HEAD,
    MLP
  }

  /** The component of an index in [0, K). */
  public static Component of(ModelShape shape, int index) {
    int heads = shape.layers() * shape.heads();
    return index < heads
        ? new Component(Kind.HEAD, index / shape.heads(), index % shape.heads())
        : new Component(Kind.MLP, index - heads, 0);
  }

  /** {@code L3H1} or {@code MLP4}. */
  @Override
  public String toString() {
    return kind == Kind.HEAD ? "L" + layer + "H" + head : "MLP" + layer;
  }
}
