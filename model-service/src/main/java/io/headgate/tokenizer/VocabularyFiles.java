package io.headgate.tokenizer;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.core.StreamReadFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.headgate.console.UserException;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.zip.GZIPInputStream;

/** Reads the file formats in which CLIP vocabularies come. */
final class VocabularyFiles {
  private static final String VOCAB = "vocab.json";
  private static final String MERGES = "merges.txt";
  private static final String TOKENIZER = "tokenizer.json";
  private static final String OPEN_AI = "bpe_simple_vocab_16e6.txt.gz";

  /** Of the 262,144 merges in OpenAI's list its models use these (clip/simple_tokenizer.py). */
  private static final int OPEN_AI_MERGES = 49_152 - 256 - 2;

  private static final int MAX_BYTES = 64 << 20;
  private static final JsonMapper JSON =
      JsonMapper.builder().enable(StreamReadFeature.STRICT_DUPLICATE_DETECTION).build();

  private VocabularyFiles() {}

  static Vocabulary ofFolder(Path folder) {
    Path vocab = folder.resolve(VOCAB);
    Path tokenizer = folder.resolve(TOKENIZER);
    if (Files.exists(vocab)) {
      return ofFile(vocab);
    }
    return Files.exists(tokenizer) ? ofFile(tokenizer) : openAi();
  }

  static Vocabulary openAi() {
    try (InputStream in = VocabularyFiles.class.getResourceAsStream(OPEN_AI)) {
      return ofMerges(Path.of(OPEN_AI), unzipped(Path.of(OPEN_AI), in.readAllBytes()));
    } catch (IOException e) {
      throw new UncheckedIOException("a resource of this package cannot be read", e);
    }
  }

  static Vocabulary ofFile(Path file) {
    String name = String.valueOf(file.getFileName());
    if (name.equals(MERGES) && Files.exists(file.resolveSibling(VOCAB))) {
      return ofFile(file.resolveSibling(VOCAB));
    }
    byte[] bytes = read(file);
    if (bytes.length > 1 && bytes[0] == 0x1f && bytes[1] == (byte) 0x8b) {
      bytes = unzipped(file, bytes);
    }
    if (bytes.length == 0) {
      throw error(file, "empty (expected: a vocabulary)");
    }
    if (bytes[0] != '{') {
      return ofMerges(file, bytes);
    }
    JsonNode root = json(file, bytes);
    return root.has("model") ? ofTokenizerJson(file, root) : ofVocabAndMerges(file, root);
  }

  private static Vocabulary ofMerges(Path file, byte[] text) {
    List<String> merges = merges(file, text);
    if (merges.size() > OPEN_AI_MERGES) {
      merges = merges.subList(0, OPEN_AI_MERGES);
    }
    Map<String, Integer> ids = new HashMap<>();
    ByteSymbols.inOrder().forEach(symbol -> ids.put(symbol, ids.size()));
    ByteSymbols.inOrder().forEach(symbol -> ids.put(symbol + Vocabulary.WORD_END, ids.size()));
    int next = ids.size();
    for (String merge : merges) {
      ids.put(merge.replace(" ", ""), next++);
    }
    ids.put(Vocabulary.START, next++);
    ids.put(Vocabulary.END, next);
    return vocabulary(file, ids, merges);
  }

  private static Vocabulary ofVocabAndMerges(Path file, JsonNode vocab) {
    Path merges = file.resolveSibling(MERGES);
    return vocabulary(file, ids(file, vocab), merges(merges, read(merges)));
  }

  private static Vocabulary ofTokenizerJson(Path file, JsonNode root) {
    JsonNode model = root.get("model");
    String type = model.path("type").asText("BPE");
    String suffix = model.path("end_of_word_suffix").asText("");
    if (!type.equals("BPE") || !suffix.equals(Vocabulary.WORD_END)) {
      throw error(
          file,
          "model type %s with end of word suffix '%s' (expected: BPE with %s, as CLIP has it)"
              .formatted(type, suffix, Vocabulary.WORD_END));
    }
    Map<String, Integer> ids = ids(file, model.path("vocab"));
    for (JsonNode added : root.path("added_tokens")) {
      ids.put(added.path("content").asText(), added.path("id").asInt(-1));
    }
    List<String> merges = new ArrayList<>();
    for (JsonNode merge : model.path("merges")) {
      merges.add(
          merge.isArray() ? merge.path(0).asText() + " " + merge.path(1).asText() : merge.asText());
    }
    return vocabulary(file, ids, merges);
  }

  private static Map<String, Integer> ids(Path file, JsonNode vocab) {
    if (!vocab.isObject()) {
      throw error(file, "no vocabulary (expected: an object of tokens and ids)");
    }
    Map<String, Integer> ids = new HashMap<>();
    vocab
        .properties()
        .forEach(
            entry -> {
              if (!entry.getValue().canConvertToInt() || !entry.getValue().isIntegralNumber()) {
                throw error(
                    file,
                    "token '%s': id %s (expected: a whole number)"
                        .formatted(entry.getKey(), entry.getValue()));
              }
              ids.put(entry.getKey(), entry.getValue().intValue());
            });
    return ids;
  }

  /** Lines "left right" after an optional heading. */
  private static List<String> merges(Path file, byte[] text) {
    List<String> lines = new String(text, StandardCharsets.UTF_8).lines().toList();
    boolean heading = !lines.isEmpty() && lines.get(0).contains("#version");
    List<String> merges = new ArrayList<>();
    for (int i = heading ? 1 : 0; i < lines.size(); i++) {
      String line = lines.get(i);
      if (!line.isBlank()) {
        merges.add(line);
      }
    }
    return merges;
  }

  private static Vocabulary vocabulary(Path file, Map<String, Integer> ids, List<String> merges) {
    Map<String, Integer> ranks = new HashMap<>();
    for (String merge : merges) {
      int space = merge.indexOf(' ');
      if (space < 1 || space != merge.lastIndexOf(' ') || space == merge.length() - 1) {
        throw error(
            file,
            "merge %d: '%s' (expected: two symbols with one space between)"
                .formatted(ranks.size() + 1, merge.length() > 80 ? merge.substring(0, 80) : merge));
      }
      if (!ids.containsKey(merge.replace(" ", ""))) {
        throw error(
            file, "merge '%s' makes a token that the vocabulary does not have".formatted(merge));
      }
      ranks.putIfAbsent(merge, ranks.size());
    }
    Integer start = ids.get(Vocabulary.START);
    Integer end = ids.get(Vocabulary.END);
    if (start == null || end == null) {
      throw error(
          file,
          "no token %s (expected: %s and %s)"
              .formatted(
                  start == null ? Vocabulary.START : Vocabulary.END,
                  Vocabulary.START,
                  Vocabulary.END));
    }
    int size = 0;
    for (Map.Entry<String, Integer> entry : ids.entrySet()) {
      if (entry.getValue() < 0 || entry.getValue() >= 1 << 24) {
        throw error(
            file,
            "token '%s': id %d (expected: 0 to 16,777,215)"
                .formatted(entry.getKey(), entry.getValue()));
      }
      size = Math.max(size, entry.getValue() + 1);
    }
    return new Vocabulary(Map.copyOf(ids), Map.copyOf(ranks), start, end, size);
  }

  private static JsonNode json(Path file, byte[] bytes) {
    try {
      return JSON.readTree(bytes);
    } catch (JsonProcessingException e) {
      throw error(file, "not sound JSON: " + e.getOriginalMessage());
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static byte[] read(Path file) {
    try {
      if (!Files.isRegularFile(file)) {
        throw error(file, "no such file (expected: a vocabulary)");
      }
      if (Files.size(file) > MAX_BYTES) {
        throw error(
            file, "%,d bytes (expected: at most %,d)".formatted(Files.size(file), MAX_BYTES));
      }
      return Files.readAllBytes(file);
    } catch (IOException e) {
      throw new UserException(file + ": cannot be read: " + e.getMessage(), e);
    }
  }

  private static byte[] unzipped(Path file, byte[] zipped) {
    try (InputStream in = new GZIPInputStream(new ByteArrayInputStream(zipped))) {
      byte[] bytes = in.readNBytes(MAX_BYTES + 1);
      if (bytes.length > MAX_BYTES) {
        throw error(file, "unpacks to more than %,d bytes".formatted(MAX_BYTES));
      }
      return bytes;
    } catch (IOException e) {
      throw error(file, "not a sound gzip file: " + e.getMessage());
    }
  }

  private static UserException error(Path file, String problem) {
    return new UserException(file + ": " + problem);
  }
}
