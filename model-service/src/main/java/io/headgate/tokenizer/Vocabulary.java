package io.headgate.tokenizer;

import java.util.Map;

/**
 * Tokens and merges.
 *
 * @param ids of tokens
 * @param ranks of merges, keyed by left, a space, right; lower ones come first
 * @param start id of the mark that begins a text
 * @param end id of the mark that ends a text; also stands for tokens that are not in the vocabulary
 * @param size one more than the largest id
 */
record Vocabulary(
    Map<String, Integer> ids, Map<String, Integer> ranks, int start, int end, int size) {
  static final String WORD_END = "</w>";
  static final String START = "<|startoftext|>";
  static final String END = "<|endoftext|>";

  int id(String token) {
    return ids.getOrDefault(token, end);
  }

  /** Rank of joining two symbols, or {@link Integer#MAX_VALUE} if they are not joined. */
  int rank(String left, String right) {
    return ranks.getOrDefault(left + ' ' + right, Integer.MAX_VALUE);
  }
}
