package io.headgate.tokenizer;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.PriorityQueue;

/**
 * Merges the bytes of one word: of all neighbours that the vocabulary joins, always the pair of the
 * lowest rank, leftmost first. A queue keeps this at n log n, so that a word of a million letters
 * does no harm.
 */
final class BytePairs {
  private record Candidate(int rank, int at, String left, String right) {}

  private final Vocabulary vocabulary;
  private final String[] symbols;
  private final int[] previous;
  private final int[] next;
  private final PriorityQueue<Candidate> queue =
      new PriorityQueue<>(Comparator.comparingInt(Candidate::rank).thenComparingInt(Candidate::at));

  private BytePairs(byte[] word, Vocabulary vocabulary) {
    this.vocabulary = vocabulary;
    int n = word.length;
    symbols = new String[n];
    previous = new int[n];
    next = new int[n];
    for (int i = 0; i < n; i++) {
      symbols[i] = ByteSymbols.of(word[i]);
      previous[i] = i - 1;
      next[i] = i + 1 < n ? i + 1 : -1;
    }
    symbols[n - 1] += Vocabulary.WORD_END;
  }

  /** Tokens of a word of at least one byte. */
  static List<String> split(byte[] word, Vocabulary vocabulary) {
    return new BytePairs(word, vocabulary).merge();
  }

  private List<String> merge() {
    for (int i = 0; i + 1 < symbols.length; i++) {
      offer(i);
    }
    for (Candidate best = queue.poll(); best != null; best = queue.poll()) {
      int at = best.at;
      int right = symbols[at] == null ? -1 : next[at];
      if (right < 0 || !symbols[at].equals(best.left) || !symbols[right].equals(best.right)) {
        continue;
      }
      symbols[at] = best.left + best.right;
      symbols[right] = null;
      next[at] = next[right];
      if (next[at] >= 0) {
        previous[next[at]] = at;
      }
      offer(at);
      if (previous[at] >= 0) {
        offer(previous[at]);
      }
    }
    List<String> tokens = new ArrayList<>();
    for (int i = 0; i >= 0; i = next[i]) {
      tokens.add(symbols[i]);
    }
    return tokens;
  }

  private void offer(int at) {
    if (next[at] < 0) {
      return;
    }
    String left = symbols[at];
    String right = symbols[next[at]];
    int rank = vocabulary.rank(left, right);
    if (rank != Integer.MAX_VALUE) {
      queue.add(new Candidate(rank, at, left, right));
    }
  }
}
