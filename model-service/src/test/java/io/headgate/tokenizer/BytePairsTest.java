package io.headgate.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class BytePairsTest {
  private static final String[] PARTS = {
    "the", "an", "ing", "er", "e", "a", "l", "ll", "s", "ss", "ä", "ß", "猫", "!", "!!", "...", "0"
  };

  /** The plain rule: again and again join all places of the best pair, from left to right. */
  private static List<String> naive(byte[] word, Vocabulary vocabulary) {
    List<String> symbols = new ArrayList<>();
    for (byte b : word) {
      symbols.add(ByteSymbols.of(b));
    }
    symbols.set(symbols.size() - 1, symbols.get(symbols.size() - 1) + Vocabulary.WORD_END);
    while (true) {
      int best = Integer.MAX_VALUE;
      String left = null;
      String right = null;
      for (int i = 0; i + 1 < symbols.size(); i++) {
        int rank = vocabulary.rank(symbols.get(i), symbols.get(i + 1));
        if (rank < best) {
          best = rank;
          left = symbols.get(i);
          right = symbols.get(i + 1);
        }
      }
      if (left == null) {
        return symbols;
      }
      for (int i = 0; i + 1 < symbols.size(); i++) {
        if (symbols.get(i).equals(left) && symbols.get(i + 1).equals(right)) {
          symbols.set(i, left + right);
          symbols.remove(i + 1);
        }
      }
    }
  }

  @Test
  void mergesAsTheNaiveRuleDoes() {
    Vocabulary vocabulary = VocabularyFiles.openAi();
    Random random = new Random(9);
    for (int i = 0; i < 3_000; i++) {
      StringBuilder word = new StringBuilder();
      for (int n = 1 + random.nextInt(12); n > 0; n--) {
        word.append(PARTS[random.nextInt(PARTS.length)]);
      }
      byte[] bytes = word.toString().getBytes(StandardCharsets.UTF_8);

      assertThat(BytePairs.split(bytes, vocabulary))
          .as(word.toString())
          .isEqualTo(naive(bytes, vocabulary));
    }
  }
}
