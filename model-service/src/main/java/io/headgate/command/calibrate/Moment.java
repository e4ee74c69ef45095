package io.headgate.command.calibrate;

import io.headgate.connection.DurationConverter;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeParseException;
import java.util.Locale;
import java.util.Optional;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/**
 * A point of a topic, by the time of its records.
 *
 * @param end whether an empty {@code time} means the end of the topic rather than its beginning
 * @param time empty for an end of the topic
 */
record Moment(boolean end, Optional<Instant> time) {
  static final Moment EARLIEST = new Moment(false, Optional.empty());
  static final Moment LATEST = new Moment(true, Optional.empty());

  /** {@code 2026-05-01}, {@code 2026-05-01T12:00:00Z}, {@code 24h}, or an end of the topic. */
  static Moment parse(String text, Instant now) {
    String trimmed = text.strip();
    switch (trimmed.toLowerCase(Locale.ROOT)) {
      case "earliest":
        return EARLIEST;
      case "latest", "now":
        return LATEST;
      default:
        return new Moment(false, Optional.of(time(trimmed, now)));
    }
  }

  private static Instant time(String text, Instant now) {
    try {
      return OffsetDateTime.parse(text).toInstant();
    } catch (DateTimeParseException notThat) {
      try {
        return LocalDateTime.parse(text).toInstant(ZoneOffset.UTC);
      } catch (DateTimeParseException norThat) {
        try {
          return LocalDate.parse(text).atStartOfDay().toInstant(ZoneOffset.UTC);
        } catch (DateTimeParseException nothing) {
          return now.minus(ago(text));
        }
      }
    }
  }

  private static Duration ago(String text) {
    try {
      return new DurationConverter().convert(text).abs();
    } catch (TypeConversionException e) {
      throw new TypeConversionException(
          "'%s' (expected: a time such as 2026-05-01T12:00:00Z, a day such as 2026-05-01 (UTC), how long ago such as 24h, earliest or latest)"
              .formatted(text));
    }
  }

  /** For picocli. */
  static final class Converter implements ITypeConverter<Moment> {
    @Override
    public Moment convert(String text) {
      return parse(text, Instant.now());
    }
  }
}
