package io.headgate.clip;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.headgate.console.UserException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ModelClassesFileTest {
  @TempDir private Path folder;

  private Path file(String name, String text) throws Exception {
    return Files.writeString(folder.resolve(name), text);
  }

  @Test
  void readsOneClassALine() throws Exception {
    ModelClasses classes = ModelClasses.read(file("names.txt", "apple\n\n  golden retriever \n"));

    assertThat(classes.classes()).containsExactly("apple", "golden retriever");
    assertThat(classes.target()).isEmpty();
    assertThat(classes.prompts("apple")).containsExactly("a photo of an apple");
  }

  @Test
  void readsTheFormOfClassesJson() throws Exception {
    ModelClasses classes =
        ModelClasses.read(file("my.json", "{\"classes\":[\"cat\",\"dog\"],\"target\":\"dog\"}"));

    assertThat(classes.classes()).containsExactly("cat", "dog");
    assertThat(classes.target()).contains("dog");
  }

  @Test
  void saysWhatIsWrong() throws Exception {
    Path twice = file("twice.txt", "cat\ncat\n");
    Path nowhere = folder.resolve("nowhere.txt");

    assertThatThrownBy(() -> ModelClasses.read(twice))
        .isInstanceOf(UserException.class)
        .hasMessageContaining("twice.txt")
        .hasMessageContaining("one class a line");
    assertThatThrownBy(() -> ModelClasses.read(nowhere))
        .isInstanceOf(UserException.class)
        .hasMessageContaining("no such file");
  }
}
