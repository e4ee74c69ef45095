package io.headgate.deadletters;

import io.headgate.stream.HeaderNames;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Optional;
import org.apache.kafka.clients.consumer.ConsumerRecord;
import org.apache.kafka.common.header.Header;

/**
 * A record of the dead-letter topic: key, value and headers of the record that could not be judged,
 * and beside them why.
 *
 * @param record as read; its arrays are read-only by contract
 */
record DeadLetter(ConsumerRecord<byte[], byte[]> record) {
  /** How often the record has been replayed; on every record that was. */
  static final String ATTEMPTS = "headgate_replay_attempts";

  int partition() {
    return record.partition();
  }

  long offset() {
    return record.offset();
  }

  /** {@code partition:offset}, as people name it. */
  String position() {
    return record.partition() + ":" + record.offset();
  }

  /** When it became a dead letter, by the broker's clock. */
  Instant time() {
    return Instant.ofEpochMilli(record.timestamp());
  }

  /** Why, as one of {@link io.headgate.stream.DeadLetterCode}; empty for a foreign record. */
  String code() {
    return header(HeaderNames.ERROR_CODE).orElse("");
  }

  String message() {
    return header(HeaderNames.MESSAGE).orElse("");
  }

  Optional<String> sourceTopic() {
    return header(HeaderNames.TOPIC);
  }

  /** {@code topic-partition@offset} of the record that could not be judged. */
  String source() {
    return "%s-%s@%s"
        .formatted(
            sourceTopic().orElse("?"),
            header(HeaderNames.PARTITION).orElse("?"),
            header(HeaderNames.OFFSET).orElse("?"));
  }

  /** How often it has been replayed before it came here; 0 where the header is no number. */
  int attempts() {
    try {
      return Integer.parseInt(header(ATTEMPTS).orElse("0"));
    } catch (NumberFormatException e) {
      return 0;
    }
  }

  /** The key as text, for people: unprintable characters replaced, cut to 64. */
  String keyText() {
    return record.key() == null ? "(none)" : printable(record.key(), 64);
  }

  /** Whether the original was too large for the topic, so that it cannot be replayed from here. */
  boolean truncated() {
    return header(HeaderNames.TRUNCATED).isPresent();
  }

  int valueBytes() {
    return record.value() == null ? 0 : record.value().length;
  }

  private Optional<String> header(String name) {
    Header header = record.headers().lastHeader(name);
    return header == null || header.value() == null
        ? Optional.empty()
        : Optional.of(new String(header.value(), StandardCharsets.UTF_8));
  }

  /** Text for a terminal: control characters, which could command it, become dots. */
  static String printable(byte[] bytes, int most) {
    String text = new String(bytes, 0, Math.min(bytes.length, most), StandardCharsets.UTF_8);
    StringBuilder clean = new StringBuilder(text.length());
    text.codePoints()
        .forEach(
            c ->
                clean.appendCodePoint(
                    Character.isISOControl(c) || Character.getType(c) == Character.FORMAT
                        ? '.'
                        : c));
    return bytes.length > most ? clean + "…" : clean.toString();
  }
}
