package io.headgate.stream;

import java.util.List;

/**
 * Names of the topics that the guard reads and writes.
 *
 * @param submitted source
 * @param clean images judged clean
 * @param repaired images with a repaired embedding
 * @param quarantined images held for review
 * @param deadLetter records that could not be judged
 */
public record Topics(
    String submitted, String clean, String repaired, String quarantined, String deadLetter) {
  public Topics {
    List<String> all = List.of(submitted, clean, repaired, quarantined, deadLetter);
    for (String topic : all) {
      if (topic.isBlank()) {
        throw new IllegalArgumentException("topic: '%s' (expected: a name)".formatted(topic));
      }
    }
    if (List.of(clean, repaired, quarantined, deadLetter).contains(submitted)) {
      throw new IllegalArgumentException(
          "topic %s: both read and written (expected: the source apart from all outputs)"
              .formatted(submitted));
    }
  }

  /** The names used unless told otherwise. */
  public static Topics defaults() {
    return new Topics(
        "headgate.images.submitted.v1",
        "headgate.images.clean.v1",
        "headgate.images.repaired.v1",
        "headgate.images.quarantined.v1",
        "headgate.dead-letter.v1");
  }

  /** The topics written to. */
  public List<String> outputs() {
    return List.of(clean, repaired, quarantined, deadLetter);
  }
}
