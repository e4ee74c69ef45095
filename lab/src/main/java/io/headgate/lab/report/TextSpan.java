package io.headgate.lab.report;

import java.util.ArrayList;
import java.util.List;

/**
 * What a head writes, in words (Gandelsman et al. 2024, Algorithm 1): greedily the texts whose
 * directions carry most of the head's variance over pictures, each time without what was named
 * before.
 */
final class TextSpan {
  /**
   * @param text the one chosen
   * @param share of the head's variance that it carries
   */
  record Word(String text, double share) {}

  private TextSpan() {}

  /**
   * @param parts {@code [n][D]}: the head's parts
   * @param texts to choose from
   * @param embeddings {@code [m][D]} of the texts
   */
  static List<Word> of(float[][] parts, List<String> texts, float[][] embeddings, int count) {
    double[][] c = centred(parts);
    double[][] t = centred(embeddings);
    double total = 0;
    for (double[] row : c) {
      total += dot(row, row);
    }
    List<Word> words = new ArrayList<>();
    boolean[] used = new boolean[t.length];
    for (int step = 0; step < Math.min(count, t.length); step++) {
      int best = -1;
      double most = -1;
      for (int j = 0; j < t.length; j++) {
        double norm = dot(t[j], t[j]);
        if (used[j] || norm < 1e-9) {
          continue;
        }
        double variance = 0;
        for (double[] row : c) {
          double p = dot(row, t[j]);
          variance += p * p / norm;
        }
        if (variance > most) {
          most = variance;
          best = j;
        }
      }
      if (best < 0) {
        break;
      }
      used[best] = true;
      words.add(new Word(texts.get(best), total > 0 ? most / total : 0));
      double[] direction = t[best].clone();
      double norm = dot(direction, direction);
      remove(c, direction, norm);
      remove(t, direction, norm);
    }
    return words;
  }

  private static void remove(double[][] rows, double[] direction, double norm) {
    for (double[] row : rows) {
      double p = dot(row, direction) / norm;
      for (int i = 0; i < row.length; i++) {
        row[i] -= p * direction[i];
      }
    }
  }

  private static double[][] centred(float[][] rows) {
    int d = rows[0].length;
    double[] mean = new double[d];
    for (float[] row : rows) {
      for (int i = 0; i < d; i++) {
        mean[i] += (double) row[i] / rows.length;
      }
    }
    double[][] out = new double[rows.length][d];
    for (int r = 0; r < rows.length; r++) {
      for (int i = 0; i < d; i++) {
        out[r][i] = rows[r][i] - mean[i];
      }
    }
    return out;
  }

  private static double dot(double[] a, double[] b) {
    double sum = 0;
    for (int i = 0; i < a.length; i++) {
      sum += a[i] * b[i];
    }
    return sum;
  }
}
