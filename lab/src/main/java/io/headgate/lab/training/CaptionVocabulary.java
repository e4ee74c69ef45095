package io.headgate.lab.training;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.headgate.lab.scenes.SceneClasses;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * CLIP's byte-pair encoding, trained on the closed corpus of captions and written in CLIP's file
 * formats. Safe for concurrent use.
 */
final class CaptionVocabulary {
  private static final String END_OF_WORD = "</w>";

  private record Pair(String left, String right) {
    String joined() {
      return left + right;
    }
  }

  private final List<Pair> merges;
  private final Map<Pair, Integer> ranks = new HashMap<>();
  private final Map<String, Integer> ids = new LinkedHashMap<>();
  private final Map<String, int[]> cache = new ConcurrentHashMap<>();

  private CaptionVocabulary(List<Pair> merges) {
    this.merges = merges;
    List<String> symbols = byteSymbols();
    for (String s : symbols) {
      ids.putIfAbsent(s, ids.size());
    }
    for (String s : symbols) {
      ids.putIfAbsent(s + END_OF_WORD, ids.size());
    }
    for (Pair p : merges) {
      ranks.put(p, ranks.size());
      ids.putIfAbsent(p.joined(), ids.size());
    }
    ids.putIfAbsent("<|startoftext|>", ids.size());
    ids.putIfAbsent("<|endoftext|>", ids.size());
  }

  /** Merges until every word of the captions is one token. */
  static CaptionVocabulary ofCaptions() {
    Map<String, Integer> words = new LinkedHashMap<>();
    for (String t : SceneClasses.templates()) {
      for (String n : SceneClasses.names()) {
        count(words, SceneClasses.caption(t, n, "red", "top", "big"), 1);
      }
    }
    count(words, String.join(" ", SceneClasses.colours()), 50);
    count(words, String.join(" ", SceneClasses.sizes()), 50);
    count(words, String.join(" ", SceneClasses.places()), 50);
    count(words, "an", 50);

    Map<String, List<String>> pieces = new LinkedHashMap<>();
    words.keySet().forEach(w -> pieces.put(w, letters(w)));
    List<Pair> merges = new ArrayList<>();
    while (true) {
      Map<Pair, Integer> counts = new HashMap<>();
      words.forEach(
          (w, c) -> {
            List<String> p = pieces.get(w);
            for (int i = 0; i + 1 < p.size(); i++) {
              counts.merge(new Pair(p.get(i), p.get(i + 1)), c, Integer::sum);
            }
          });
      if (counts.isEmpty()) {
        return new CaptionVocabulary(merges);
      }
      Pair best =
          counts.entrySet().stream()
              .max(
                  Map.Entry.<Pair, Integer>comparingByValue()
                      .thenComparing(
                          e -> e.getKey(),
                          Comparator.comparing(Pair::left).thenComparing(Pair::right)))
              .orElseThrow()
              .getKey();
      merges.add(best);
      pieces.replaceAll((w, p) -> merge(p, best));
    }
  }

  int size() {
    return ids.size();
  }

  /** Start, tokens, end, zeros; {@code [context]}. */
  long[] encode(String text, int context) {
    long[] out = new long[context];
    int n = 0;
    out[n++] = ids.get("<|startoftext|>");
    for (String word : text.toLowerCase(java.util.Locale.ROOT).split("\\s+")) {
      for (int id : cache.computeIfAbsent(word, this::encodeWord)) {
        if (n < context - 1) {
          out[n++] = id;
        }
      }
    }
    out[n] = ids.get("<|endoftext|>");
    return out;
  }

  private int[] encodeWord(String word) {
    List<String> pieces = letters(word);
    while (pieces.size() > 1) {
      Pair best = null;
      for (int i = 0; i + 1 < pieces.size(); i++) {
        Pair p = new Pair(pieces.get(i), pieces.get(i + 1));
        if (ranks.containsKey(p) && (best == null || ranks.get(p) < ranks.get(best))) {
          best = p;
        }
      }
      if (best == null) {
        break;
      }
      pieces = merge(pieces, best);
    }
    return pieces.stream().mapToInt(ids::get).toArray();
  }

  /** Writes {@code vocab.json} and {@code merges.txt}. */
  void write(Path folder) throws IOException {
    Files.write(folder.resolve("vocab.json"), new ObjectMapper().writeValueAsBytes(ids));
    StringBuilder text = new StringBuilder("#version: 0.2\n");
    merges.forEach(p -> text.append(p.left()).append(' ').append(p.right()).append('\n'));
    Files.writeString(folder.resolve("merges.txt"), text);
  }

  private static void count(Map<String, Integer> words, String text, int times) {
    for (String w : text.split(" ")) {
      words.merge(w, times, Integer::sum);
    }
  }

  private static List<String> letters(String word) {
    List<String> out = new ArrayList<>();
    for (int i = 0; i < word.length(); i++) {
      out.add(word.substring(i, i + 1));
    }
    out.set(out.size() - 1, out.get(out.size() - 1) + END_OF_WORD);
    return out;
  }

  private static List<String> merge(List<String> pieces, Pair pair) {
    List<String> out = new ArrayList<>(pieces.size());
    for (int i = 0; i < pieces.size(); i++) {
      if (i + 1 < pieces.size()
          && pieces.get(i).equals(pair.left())
          && pieces.get(i + 1).equals(pair.right())) {
        out.add(pair.joined());
        i++;
      } else {
        out.add(pieces.get(i));
      }
    }
    return out;
  }

  /** GPT-2's printable stand-ins for the 256 bytes, in CLIP's order. */
  private static List<String> byteSymbols() {
    List<String> printable = new ArrayList<>();
    boolean[] seen = new boolean[256];
    int[][] ranges = {{33, 126}, {161, 172}, {174, 255}};
    for (int[] r : ranges) {
      for (int b = r[0]; b <= r[1]; b++) {
        printable.add(String.valueOf((char) b));
        seen[b] = true;
      }
    }
    int n = 0;
    for (int b = 0; b < 256; b++) {
      if (!seen[b]) {
        printable.add(String.valueOf((char) (256 + n++)));
      }
    }
    return printable;
  }
}
