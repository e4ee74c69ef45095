package io.headgate.tokenizer;

import static org.assertj.core.api.Assertions.assertThat;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Path;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class TokenizerTest {
  private static final Path FIXTURES = Path.of("src/test/resources/fixtures/tokenizer");
  private static final Tokenizer OPEN_AI = Tokenizer.openAi(77);

  static Stream<Arguments> prompts() throws IOException {
    JsonNode golden = new ObjectMapper().readTree(FIXTURES.resolve("tokens.json").toFile());
    return StreamSupport.stream(golden.get("prompts").spliterator(), false)
        .map(
            prompt ->
                Arguments.of(
                    prompt.get("text").textValue(),
                    ints(
                        prompt.get(
                            prompt.get("needs_ftfy").booleanValue()
                                ? "ids_without_ftfy"
                                : "ids"))));
  }

  private static int[] ints(JsonNode array) {
    return IntStream.range(0, array.size()).map(i -> array.get(i).intValue()).toArray();
  }

  @ParameterizedTest
  @MethodSource("prompts")
  void encodesThePromptsOfTheGoldenData(String text, int[] expected) {
    int[] tokens = OPEN_AI.tokens(text);

    assertThat(tokens).isEqualTo(expected);
  }
}
