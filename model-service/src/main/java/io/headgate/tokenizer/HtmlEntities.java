package io.headgate.tokenizer;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.math.BigInteger;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Character references of HTML 5 to characters, with the standard's rules for broken ones, as
 * Python's {@code html.unescape} has them.
 */
final class HtmlEntities {
  private static final Pattern REFERENCE =
      Pattern.compile("&(#[0-9]+;?|#[xX][0-9a-fA-F]+;?|[^\\t\\n\\f <&#;]{1,32};?)");
  private static final Map<String, String> NAMED = load();

  /** What browsers show for the numbers 0x80 to 0x9F: Windows-1252. */
  private static final String WINDOWS_1252 =
      "\u20ac\u0081\u201a\u0192\u201e\u2026\u2020\u2021\u02c6\u2030\u0160\u2039\u0152\u008d\u017d"
          + "\u008f\u0090\u2018\u2019\u201c\u201d\u2022\u2013\u2014\u02dc\u2122\u0161\u203a\u0153"
          + "\u009d\u017e\u0178";

  private static final BigInteger LAST = BigInteger.valueOf(Character.MAX_CODE_POINT);

  private HtmlEntities() {}

  static String unescape(String text) {
    if (text.indexOf('&') < 0) {
      return text;
    }
    return REFERENCE
        .matcher(text)
        .replaceAll(match -> Matcher.quoteReplacement(character(match.group(1))));
  }

  private static String character(String reference) {
    if (reference.charAt(0) != '#') {
      return named(reference);
    }
    boolean hex = Character.toLowerCase(reference.charAt(1)) == 'x';
    String digits = reference.substring(hex ? 2 : 1).replace(";", "");
    BigInteger number = new BigInteger(digits, hex ? 16 : 10);
    return number.compareTo(LAST) > 0 ? "\uFFFD" : numbered(number.intValue());
  }

  private static String numbered(int number) {
    if (number == 0 || number >= 0xD800 && number <= 0xDFFF) {
      return "\uFFFD";
    }
    if (number >= 0x80 && number <= 0x9F) {
      return WINDOWS_1252.substring(number - 0x80, number - 0x7F);
    }
    boolean control = number < 0x20 && (number < '\t' || number > '\r' || number == 0x0B);
    boolean nonCharacter = number >= 0xFDD0 && number <= 0xFDEF || (number & 0xFFFE) == 0xFFFE;
    return (control && number != '\r' && number != '\f') || number == 0x7F || nonCharacter
        ? ""
        : Character.toString(number);
  }

  private static String named(String name) {
    String exact = NAMED.get(name);
    if (exact != null) {
      return exact;
    }
    for (int end = name.length() - 1; end > 1; end--) {
      String prefix = NAMED.get(name.substring(0, end));
      if (prefix != null) {
        return prefix + name.substring(end);
      }
    }
    return "&" + name;
  }

  private static Map<String, String> load() {
    try (InputStream in = HtmlEntities.class.getResourceAsStream("html5-entities.tsv");
        BufferedReader lines =
            new BufferedReader(new InputStreamReader(in, StandardCharsets.UTF_8))) {
      Map<String, String> named = new HashMap<>();
      for (String line = lines.readLine(); line != null; line = lines.readLine()) {
        if (!line.startsWith("#")) {
          String[] fields = line.split("\t");
          StringBuilder characters = new StringBuilder();
          for (String codePoint : fields[1].split(" ")) {
            characters.appendCodePoint(Integer.parseInt(codePoint, 16));
          }
          named.put(fields[0], characters.toString());
        }
      }
      return Map.copyOf(named);
    } catch (IOException e) {
      throw new UncheckedIOException("a resource of this package cannot be read", e);
    }
  }
}
