package io.headgate.lab.training;

import static org.assertj.core.api.Assertions.assertThat;

import io.headgate.tokenizer.Tokenizer;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CaptionVocabularyTest {
  @Test
  void encodesAsClipsTokenizerDoesFromItsFiles(@TempDir Path folder) throws Exception {
    CaptionVocabulary vocabulary = CaptionVocabulary.ofCaptions();
    vocabulary.write(folder);
    Tokenizer tokenizer = Tokenizer.open(folder, 16);

    for (String text :
        List.of(
            "a photo of a banana",
            "a small owl on an orange background at the top left",
            "a zebra unheard of")) {
      assertThat(vocabulary.encode(text, 16))
          .as(text)
          .containsExactly(Arrays.stream(tokenizer.encode(text)).asLongStream().toArray());
    }
    assertThat(tokenizer.vocabularySize()).isEqualTo(vocabulary.size()).isEqualTo(846);
  }

  @Test
  void knowsEveryWordOfTheCaptionsAsOneToken() {
    long[] ids =
        CaptionVocabulary.ofCaptions().encode("a picture of a helicopter at the bottom right", 16);

    assertThat(Arrays.stream(ids).filter(id -> id != 0).count()).isEqualTo(2 + 9);
  }
}
