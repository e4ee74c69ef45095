package io.headgate.weights;

import java.nio.file.Path;

/** Reads all of a checkpoint, tensor by tensor, in a JVM of its own with a small heap. */
final class LargeCheckpoint {
  private LargeCheckpoint() {}

  public static void main(String[] args) {
    long start = System.nanoTime();
    try (Weights weights =
        Weights.open(
            Path.of(args[0]), WeightsOptions.of(Activation.GELU, Integer.parseInt(args[1])))) {
      double opened = seconds(start);
      start = System.nanoTime();
      String hash = weights.weightsHash();
      double hashed = seconds(start);
      start = System.nanoTime();
      weights.requireFinite();
      double checked = seconds(start);
      start = System.nanoTime();
      long elements = 0;
      for (String name : weights.names()) {
        elements += weights.tensor(name).toFloats().length;
      }
      System.out.printf(
          "hash %s, %d elements; seconds to open %.2f, hash %.2f, check %.2f, read %.2f; max heap %d MB%n",
          hash,
          elements,
          opened,
          hashed,
          checked,
          seconds(start),
          Runtime.getRuntime().maxMemory() >> 20);
    }
  }

  private static double seconds(long since) {
    return (System.nanoTime() - since) / 1e9;
  }
}
