package io.headgate.topics;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.headgate.console.UserException;
import io.headgate.stream.Topics;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

class TopicNamesTest {
  @Command
  static final class Any {
    @Mixin TopicNames topics;
  }

  @Test
  void haveDefaults() {
    assertThat(parse().topics()).isEqualTo(Topics.defaults());
  }

  @Test
  void refuseATopicThatIsBothReadAndWritten() {
    assertThatThrownBy(() -> parse("--topic-clean", "headgate.images.submitted.v1").topics())
        .isInstanceOf(UserException.class)
        .hasMessageContaining("both read and written");
  }

  private static TopicNames parse(String... args) {
    Any any = new Any();
    new CommandLine(any).parseArgs(args);
    return any.topics;
  }
}
