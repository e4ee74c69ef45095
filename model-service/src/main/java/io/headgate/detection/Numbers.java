package io.headgate.detection;

import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;

/**
 * A detector's fitted parameters by name, as they are stored with a calibration. Arrays are handed
 * over and read-only by contract.
 */
public record Numbers(Map<String, float[]> arrays) {
  /** No parameters. */
  public static final Numbers NONE = new Numbers(Map.of());

  public Numbers {
    arrays = Map.copyOf(arrays);
  }

  /**
   * @throws IllegalArgumentException if it is missing or has another length
   */
  public float[] get(String name, int length) {
    float[] array = arrays.get(name);
    if (array == null || array.length != length) {
      throw new IllegalArgumentException(
          "%s: %s (expected: %d numbers)"
              .formatted(name, array == null ? "missing" : array.length + " numbers", length));
    }
    return array;
  }

  @Override
  public boolean equals(Object o) {
    return o instanceof Numbers other
        && arrays.keySet().equals(other.arrays.keySet())
        && arrays.entrySet().stream()
            .allMatch(e -> Arrays.equals(e.getValue(), other.arrays.get(e.getKey())));
  }

  @Override
  public int hashCode() {
    return arrays.keySet().hashCode();
  }

  @Override
  public String toString() {
    Map<String, Integer> lengths = new TreeMap<>();
    arrays.forEach((name, array) -> lengths.put(name, array.length));
    return "Numbers" + lengths;
  }
}
