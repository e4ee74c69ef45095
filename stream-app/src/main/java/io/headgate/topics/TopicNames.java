package io.headgate.topics;

import io.headgate.console.UsageException;
import io.headgate.stream.Topics;
import picocli.CommandLine.Option;

/** What the guard's topics are called: a picocli mixin. */
public final class TopicNames {
  @Option(
      names = "--topic-submitted",
      paramLabel = "TOPIC",
      defaultValue = "headgate.images.submitted.v1",
      description = "Where submitted images are read from (default: ${DEFAULT-VALUE}).")
  private String submitted;

  @Option(
      names = "--topic-clean",
      paramLabel = "TOPIC",
      defaultValue = "headgate.images.clean.v1",
      description = "Where images judged clean go (default: ${DEFAULT-VALUE}).")
  private String clean;

  @Option(
      names = "--topic-repaired",
      paramLabel = "TOPIC",
      defaultValue = "headgate.images.repaired.v1",
      description = "Where images with a repaired embedding go (default: ${DEFAULT-VALUE}).")
  private String repaired;

  @Option(
      names = "--topic-quarantined",
      paramLabel = "TOPIC",
      defaultValue = "headgate.images.quarantined.v1",
      description =
          "Where images held for review go, with their evidence (default: ${DEFAULT-VALUE}).")
  private String quarantined;

  @Option(
      names = "--topic-dead-letter",
      paramLabel = "TOPIC",
      defaultValue = "headgate.dead-letter.v1",
      description = "Where records go that could not be judged (default: ${DEFAULT-VALUE}).")
  private String deadLetter;

  /** For picocli. */
  public TopicNames() {}

  /**
   * @throws UsageException if they cannot be
   */
  public Topics topics() {
    try {
      return new Topics(submitted, clean, repaired, quarantined, deadLetter);
    } catch (IllegalArgumentException e) {
      throw new UsageException(e.getMessage());
    }
  }
}
