package io.headgate.detection;

import io.headgate.decomposition.ModelShape;
import java.util.Arrays;
import java.util.stream.IntStream;

/**
 * Where in the image the infected components' share comes from: their contribution along the
 * predicted direction, split over patch tokens, clean mean subtracted.
 *
 * @param grid side of the patch grid G
 * @param map {@code [G, G]} row-major
 */
public record TokenMap(int grid, float[] map) {
  /**
   * @param contributions {@code [L, H, N]} of one image (Decomposer.tokenContributions)
   * @param tokenMeans {@code [L, H, N]} of clean images, or empty
   * @param heads numbers of the heads to sum over, in [0, L·H)
   */
  public static TokenMap of(
      ModelShape shape, float[] contributions, float[] tokenMeans, int[] heads) {
    int n = shape.tokens();
    float[] map = new float[n - 1];
    for (int head : heads) {
      for (int t = 1; t < n; t++) { // token 0 is the class token
        int at = head * n + t;
        map[t - 1] += contributions[at] - (tokenMeans.length == 0 ? 0 : tokenMeans[at]);
      }
    }
    return new TokenMap(shape.grid(), map);
  }

  /** The {@code count} patch tokens that carry most, in ascending order; fewer if there are. */
  public int[] top(int count) {
    int[] top =
        IntStream.range(0, map.length)
            .boxed()
            .sorted((a, b) -> Float.compare(map[b], map[a]))
            .limit(Math.min(count, map.length - 1))
            .mapToInt(t -> t)
            .toArray();
    Arrays.sort(top);
    return top;
  }
}
