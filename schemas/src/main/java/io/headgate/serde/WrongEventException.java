package io.headgate.serde;

import org.apache.kafka.common.errors.SerializationException;

/** A well-formed event of another kind than its topic carries. */
public final class WrongEventException extends SerializationException {
  private static final long serialVersionUID = 1L;

  WrongEventException(String topic, String found, String expected) {
    super(
        "event in %s: %s (expected: %s); its producer writes to the wrong topic or with the wrong schema"
            .formatted(topic, found, expected));
  }
}
