package io.headgate.command;

import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** {@code 4096}, {@code 16MiB}, {@code 1GiB}: bytes as people write them on command lines. */
final class ByteSizeConverter implements ITypeConverter<Long> {
  private static final Pattern NUMBER_AND_UNIT = Pattern.compile("(\\d+)\\s*([A-Za-z]*)");
  private static final Map<String, Long> UNITS =
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

  @Override
  public Long convert(String text) {
    Matcher matcher = NUMBER_AND_UNIT.matcher(text.strip());
    if (!matcher.matches() || !UNITS.containsKey(matcher.group(2))) {
      throw new TypeConversionException(
          "'%s' (expected: a size such as 4096, 16MiB or 1GiB)".formatted(text));
    }
    try {
      return Math.multiplyExact(Long.parseLong(matcher.group(1)), UNITS.get(matcher.group(2)));
    } catch (ArithmeticException | NumberFormatException e) {
      throw new TypeConversionException(
          "'%s' is too large (expected: a size such as 16MiB or 1GiB)".formatted(text));
    }
  }
}
