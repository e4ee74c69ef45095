package io.headgate.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.headgate.console.UserException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import java.util.zip.GZIPInputStream;
import java.util.zip.GZIPOutputStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

class TokenizerTest {
  private static final Path FIXTURES = Path.of("src/test/resources/fixtures/tokenizer");
  private static final Path SMALL = FIXTURES.resolve("small");
  private static final Tokenizer OPEN_AI = Tokenizer.openAi(77);

  @TempDir Path temp;

  private static JsonNode read(Path file) {
    try {
      return new ObjectMapper().readTree(file.toFile());
    } catch (IOException e) {
      throw new IllegalStateException(e);
    }
  }

  private static int[] ints(JsonNode array) {
    return IntStream.range(0, array.size()).map(i -> array.get(i).intValue()).toArray();
  }

  private static Stream<JsonNode> items(JsonNode array) {
    return StreamSupport.stream(array.spliterator(), false);
  }

  static Stream<Arguments> goldenPrompts() {
    return items(read(FIXTURES.resolve("tokens.json")).get("prompts"))
        .map(
            prompt -> {
              boolean other = prompt.get("needs_ftfy").booleanValue();
              return Arguments.of(
                  prompt.get("text").textValue(),
                  ints(prompt.get(other ? "ids_without_ftfy" : "ids")));
            });
  }

  @ParameterizedTest
  @MethodSource("goldenPrompts")
  void encodesThePromptsOfTheGoldenData(String text, int[] expected) {
    assertThat(OPEN_AI.tokens(text)).isEqualTo(expected);
  }

  /** 400 seeded texts of all scripts, spaces and entities, encoded by open_clip without ftfy. */
  @Test
  void agreesWithOpenClipOnTextsOfAllKinds() {
    items(read(FIXTURES.resolve("random_prompts.json")))
        .forEach(
            prompt ->
                assertThat(OPEN_AI.tokens(prompt.get("text").textValue()))
                    .as(prompt.get("text").toString())
                    .isEqualTo(ints(prompt.get("ids"))));
  }

  @Test
  void padsWithZerosToTheContextLength() {
    int[] ids = OPEN_AI.encode("a photo of a cat.");

    assertThat(ids).hasSize(77).startsWith(49406, 320, 1125, 539, 320, 2368, 269, 49407, 0, 0);
    assertThat(Arrays.stream(ids).skip(8)).containsOnly(0);
  }

  @Test
  void cutsTextsThatAreTooLongAndKeepsTheEnd() {
    Tokenizer tokenizer = Tokenizer.openAi(4);

    assertThat(tokenizer.encode("a photo of a cat.")).containsExactly(49406, 320, 1125, 49407);
    assertThat(tokenizer.encode("a photo")).containsExactly(49406, 320, 1125, 49407);
    assertThat(tokenizer.encode("a")).containsExactly(49406, 320, 49407, 0);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "small",
        "small/vocab.json",
        "small/merges.txt",
        "small-json",
        "small-json/tokenizer.json"
      })
  void readsTheVocabularyOfAModelInEveryForm(String place) {
    Tokenizer tokenizer = Tokenizer.open(FIXTURES.resolve(place), 16);

    assertThat(tokenizer.vocabularySize()).isEqualTo(846);
    assertThat(tokenizer.start()).isEqualTo(844);
    assertThat(tokenizer.end()).isEqualTo(845);
    items(read(SMALL.resolve("prompts.json")))
        .forEach(
            prompt ->
                assertThat(tokenizer.tokens(prompt.get("text").textValue()))
                    .as(prompt.get("text").textValue())
                    .isEqualTo(ints(prompt.get("ids"))));
  }

  @Test
  void readsMergesWrittenAsTexts() throws IOException {
    String json = Files.readString(FIXTURES.resolve("small-json").resolve("tokenizer.json"));
    String older = json.replaceAll("\\[\\s*(\"[^\"\\s]+)\",\\s*\"([^\"\\s]+\")\\s*\\]", "$1 $2");
    assertThat(older).contains("\"t o\"");
    Path file = Files.writeString(temp.resolve("tokenizer.json"), older);

    assertThat(Tokenizer.open(file, 16).tokens("a photo of a banana"))
        .containsExactly(844, 320, 547, 515, 320, 841, 845);
  }

  @Test
  void takesOpenAisVocabularyForAFolderWithoutOne() {
    assertThat(Tokenizer.open(temp, 77).vocabularySize()).isEqualTo(49408);
  }

  @ParameterizedTest
  @ValueSource(booleans = {true, false})
  void readsOpenAisListZippedOrNot(boolean zipped) throws IOException {
    Path file = FIXTURES.resolve("bpe_simple_vocab_16e6.txt.gz");
    if (!zipped) {
      try (var in = new GZIPInputStream(Files.newInputStream(file))) {
        file = Files.write(temp.resolve("vocabulary.txt"), in.readAllBytes());
      }
    }

    Tokenizer tokenizer = Tokenizer.open(file, 77);

    assertThat(tokenizer.vocabularySize()).isEqualTo(49408);
    assertThat(tokenizer.encode("a photo of a cat."))
        .isEqualTo(OPEN_AI.encode("a photo of a cat."));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '~',
      value = {
        "vocab.json ~ {\"a\":1 ~ not sound JSON",
        "vocab.json ~ {\"a\":1,\"a\":2} ~ not sound JSON",
        "vocab.json ~ {\"a\":\"x\"} ~ token 'a': id \"x\"",
        "vocab.json ~ {\"a\":1} ~ no token <|startoftext|>",
        "vocab.json ~ {\"<|startoftext|>\":-1,\"<|endoftext|>\":0} ~ id -1",
        "tokenizer.json ~ {\"model\":{\"type\":\"WordPiece\"}} ~ model type WordPiece",
        "tokenizer.json ~ {\"model\":{\"type\":\"BPE\",\"end_of_word_suffix\":\"</w>\"}} ~ no vocabulary",
        "list.txt ~ one_symbol ~ merge 1: 'one_symbol'",
        "list.txt ~ a b c ~ merge 1: 'a b c'",
      })
  void refusesWhatIsNoVocabulary(String name, String content, String message) throws IOException {
    Files.writeString(temp.resolve("merges.txt"), "#version: 0.2\n");
    Path file = Files.writeString(temp.resolve(name), content);

    assertThatThrownBy(() -> Tokenizer.open(file, 77))
        .isInstanceOf(UserException.class)
        .hasMessageContaining(name)
        .hasMessageContaining(message);
  }

  @Test
  void refusesMergesOfTokensThatTheVocabularyLacks() throws IOException {
    Files.writeString(
        temp.resolve("vocab.json"), "{\"a\":0,\"<|startoftext|>\":1,\"<|endoftext|>\":2}");
    Files.writeString(temp.resolve("merges.txt"), "#version: 0.2\na a\n");

    assertThatThrownBy(() -> Tokenizer.open(temp, 77))
        .isInstanceOf(UserException.class)
        .hasMessageContaining("merge 'a a' makes a token that the vocabulary does not have");
  }

  @Test
  void saysWhichFileIsMissing() throws IOException {
    Files.writeString(temp.resolve("vocab.json"), "{}");

    assertThatThrownBy(() -> Tokenizer.open(temp, 77))
        .isInstanceOf(UserException.class)
        .hasMessageContaining("merges.txt: no such file");
  }

  @Test
  void refusesZipBombs() throws IOException {
    ByteArrayOutputStream bomb = new ByteArrayOutputStream();
    try (GZIPOutputStream out = new GZIPOutputStream(bomb)) {
      byte[] zeros = new byte[1 << 20];
      for (int i = 0; i <= 64; i++) {
        out.write(zeros);
      }
    }
    Path file = Files.write(temp.resolve("bomb.gz"), bomb.toByteArray());

    assertThatThrownBy(() -> Tokenizer.open(file, 77))
        .isInstanceOf(UserException.class)
        .hasMessageContaining("unpacks to more than");
  }

  /** Some seconds are plenty; the plain rule, which is quadratic, would take hours. */
  @Test
  @Timeout(60)
  void encodesAWordOfManyLetters() {
    int[] ids = OPEN_AI.encode("ab".repeat(100_000));

    assertThat(ids[0]).isEqualTo(49406);
    assertThat(ids[76]).isEqualTo(49407);
  }

  @Test
  void standsInTheEndForTokensThatTheVocabularyLacks() throws IOException {
    Files.writeString(
        temp.resolve("vocab.json"), "{\"a</w>\":0,\"<|startoftext|>\":1,\"<|endoftext|>\":2}");
    Files.writeString(temp.resolve("merges.txt"), "");

    assertThat(Tokenizer.open(temp, 8).tokens("a b a")).containsExactly(1, 0, 2, 0, 2);
  }
}
