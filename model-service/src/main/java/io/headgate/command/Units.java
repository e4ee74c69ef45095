package io.headgate.command;

import java.time.Duration;
import java.time.format.DateTimeParseException;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Durations and sizes with their units, as people write them on command lines. */
final class Units {
  private static final Pattern NUMBER_AND_UNIT = Pattern.compile("(\\d+)\\s*([A-Za-z]*)");
  private static final String DURATION = "a duration such as 2ms, 30s, 5m or 1h";
  private static final Map<String, Long> NANOS =
      Map.of(
          "us", 1_000L,
          "ms", 1_000_000L,
          "s", 1_000_000_000L,
          "m", 60_000_000_000L,
          "h", 3_600_000_000_000L);
  private static final Map<String, Long> BYTES =
      Map.of(
          "",
          1L,
          "B",
          1L,
          "kB",
          1_000L,
          "MB",
          1_000_000L,
          "GB",
          1_000_000_000L,
          "KiB",
          1L << 10,
          "MiB",
          1L << 20,
          "GiB",
          1L << 30);

  private Units() {}

  /** {@code 2ms}, {@code 30s}, {@code 5m}, {@code 1h}, {@code 0s}, or ISO 8601. */
  static final class OfDuration implements ITypeConverter<Duration> {
    @Override
    public Duration convert(String text) {
      if (text.startsWith("PT")) {
        return iso(text);
      }
      return Duration.ofNanos(parse(text, NANOS, DURATION));
    }

    /** As {@code --print-config} shows them. */
    private static Duration iso(String text) {
      try {
        return Duration.parse(text);
      } catch (DateTimeParseException e) {
        throw new TypeConversionException("'%s' (expected: %s)".formatted(text, DURATION));
      }
    }
  }

  /** {@code 4096}, {@code 16MiB}, {@code 1GiB}. */
  static final class OfBytes implements ITypeConverter<Long> {
    @Override
    public Long convert(String text) {
      return parse(text, BYTES, "a size such as 4096, 16MiB or 1GiB");
    }
  }

  private static long parse(String text, Map<String, Long> units, String expected) {
    Matcher matcher = NUMBER_AND_UNIT.matcher(text.strip());
    if (!matcher.matches() || !units.containsKey(matcher.group(2))) {
      throw new TypeConversionException("'%s' (expected: %s)".formatted(text, expected));
    }
    try {
      return Math.multiplyExact(Long.parseLong(matcher.group(1)), units.get(matcher.group(2)));
    } catch (ArithmeticException | NumberFormatException e) {
      throw new TypeConversionException(
          "'%s' is too large (expected: %s)".formatted(text, expected));
    }
  }
}
