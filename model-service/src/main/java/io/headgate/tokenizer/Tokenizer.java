package io.headgate.tokenizer;

import io.headgate.console.UserException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * CLIP's tokenizer: text is cleaned (HTML entities, white space, lower case), split into words, and
 * each word's UTF-8 bytes are merged by the vocabulary's byte pairs. Ids agree with OpenCLIP's
 * {@code SimpleTokenizer} except that broken encodings and typographic variants are not mended
 * first (no ftfy).
 *
 * <p>Immutable; safe for concurrent use.
 *
 * <p>Source: Radford et al., ICML 2021, §2.4; OpenAI's {@code clip/simple_tokenizer.py}.
 */
public final class Tokenizer {
  private static final int PAD = 0;

  /** Words; the literal marks are those of OpenCLIP. */
  private static final Pattern WORDS =
      Pattern.compile(
          "<start_of_text>|<end_of_text>|'s|'t|'re|'ve|'m|'ll|'d|\\p{L}+|\\p{N}|[^\\s\\p{L}\\p{N}]+",
          Pattern.CASE_INSENSITIVE | Pattern.UNICODE_CASE);

  private final Vocabulary vocabulary;
  private final int contextLength;

  private Tokenizer(Vocabulary vocabulary, int contextLength) {
    if (contextLength < 2) {
      throw new IllegalArgumentException(
          "context length: %d (expected: at least 2, for start and end)".formatted(contextLength));
    }
    this.vocabulary = vocabulary;
    this.contextLength = contextLength;
  }

  /**
   * Opens the vocabulary of a model folder ({@code vocab.json} with {@code merges.txt}, else {@code
   * tokenizer.json}, else OpenAI's, which comes with Headgate), or one vocabulary file: {@code
   * vocab.json} or {@code merges.txt} (the other beside it), {@code tokenizer.json}, or a list of
   * merges like {@code bpe_simple_vocab_16e6.txt.gz}.
   *
   * @param modelFolderOrVocabFile what to open
   * @param contextLength ids per text, start and end included; 77 for OpenAI's models
   * @throws UserException if a file is missing or is no vocabulary of CLIP's kind
   */
  public static Tokenizer open(Path modelFolderOrVocabFile, int contextLength) {
    return new Tokenizer(
        Files.isDirectory(modelFolderOrVocabFile)
            ? VocabularyFiles.ofFolder(modelFolderOrVocabFile)
            : VocabularyFiles.ofFile(modelFolderOrVocabFile),
        contextLength);
  }

  /** With OpenAI's vocabulary of 49,408 tokens. */
  public static Tokenizer openAi(int contextLength) {
    return new Tokenizer(VocabularyFiles.openAi(), contextLength);
  }

  /** Number of tokens; ids are below it. */
  public int vocabularySize() {
    return vocabulary.size();
  }

  /** Ids per text. */
  public int contextLength() {
    return contextLength;
  }

  /** Id that every text begins with. */
  public int start() {
    return vocabulary.start();
  }

  /** Id that every text ends with; the text embedding is read at its first position. */
  public int end() {
    return vocabulary.end();
  }

  /**
   * A text as exactly {@link #contextLength()} ids: start, tokens, end, then zeros. A text that is
   * too long is cut, and its last id is the end.
   */
  public int[] encode(String text) {
    int[] ids = tokens(text);
    int[] padded = Arrays.copyOf(ids, contextLength);
    Arrays.fill(padded, ids.length, contextLength, PAD);
    return padded;
  }

  /** As {@link #encode}, without the zeros after the end. */
  public int[] tokens(String text) {
    List<Integer> ids = new ArrayList<>();
    ids.add(vocabulary.start());
    Matcher words = WORDS.matcher(TextCleaning.clean(text));
    while (words.find() && ids.size() < contextLength) {
      String word = words.group();
      switch (word) {
        case "<start_of_text>" -> ids.add(vocabulary.start());
        case "<end_of_text>" -> ids.add(vocabulary.end());
        default ->
            BytePairs.split(word.getBytes(StandardCharsets.UTF_8), vocabulary)
                .forEach(token -> ids.add(vocabulary.id(token)));
      }
    }
    ids.add(vocabulary.end());
    if (ids.size() > contextLength) {
      ids.subList(contextLength, ids.size()).clear();
      ids.set(contextLength - 1, vocabulary.end());
    }
    return ids.stream().mapToInt(Integer::intValue).toArray();
  }
}
