package io.headgate.weights;

import java.util.Collection;
import java.util.stream.Collectors;

/** Names in an error message: the first few, and how many more. */
final class Listing {
  private static final int SHOWN = 6;
  private static final int LONGEST = 80;

  private Listing() {}

  static String of(Collection<?> items) {
    if (items.isEmpty()) {
      return "nothing";
    }
    String shown =
        items.stream()
            .limit(SHOWN)
            .map(i -> quoted(String.valueOf(i)))
            .collect(Collectors.joining(", "));
    return items.size() > SHOWN ? shown + " and %,d more".formatted(items.size() - SHOWN) : shown;
  }

  /** A text from a file, made short and free of control characters: it ends on a terminal. */
  static String quoted(String text) {
    StringBuilder clean = new StringBuilder();
    text.codePoints()
        .limit(LONGEST)
        .forEach(c -> clean.appendCodePoint(isPrintable(c) ? c : '\uFFFD'));
    return clean.length() < text.length() ? clean + "…" : clean.toString();
  }

  private static boolean isPrintable(int codePoint) {
    return switch (Character.getType(codePoint)) {
      case Character.CONTROL,
          Character.FORMAT,
          Character.SURROGATE,
          Character.LINE_SEPARATOR,
          Character.PARAGRAPH_SEPARATOR,
          Character.UNASSIGNED ->
          false;
      default -> true;
    };
  }
}
