package io.headgate.connection;

import java.time.Duration;
import java.time.format.DateTimeParseException;
import java.util.Locale;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** {@code 2ms}, {@code 90s}, {@code 15m}, {@code 36h}, {@code 7d}, or ISO-8601 as {@code P7D}. */
public final class DurationConverter implements ITypeConverter<Duration> {
  /** For picocli. */
  public DurationConverter() {}

  @Override
  public Duration convert(String text) {
    String iso = text.trim().toUpperCase(Locale.ROOT);
    try {
      if (iso.endsWith("MS")) {
        return Duration.ofMillis(Long.parseLong(iso.substring(0, iso.length() - 2)));
      }
      if (!iso.startsWith("P")) {
        iso = iso.endsWith("D") ? "P" + iso : "PT" + iso;
      }
      return Duration.parse(iso);
    } catch (DateTimeParseException | NumberFormatException e) {
      throw new TypeConversionException(
          "'%s' (expected: a duration such as 2ms, 90s, 15m, 36h or 7d)".formatted(text));
    }
  }
}
