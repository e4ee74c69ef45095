package io.headgate.tokenizer;

import java.util.Locale;

/** What CLIP does to a text before splitting it: entities twice, white space, lower case. */
final class TextCleaning {
  private TextCleaning() {}

  static String clean(String text) {
    String plain = HtmlEntities.unescape(HtmlEntities.unescape(text));
    return collapse(plain).toLowerCase(Locale.ROOT);
  }

  /** Runs of white space become one space; none at the ends. */
  private static String collapse(String text) {
    StringBuilder collapsed = new StringBuilder(text.length());
    boolean gap = false;
    for (int i = 0; i < text.length(); i++) {
      char c = text.charAt(i);
      if (isSpace(c)) {
        gap = true;
      } else {
        if (gap && collapsed.length() > 0) {
          collapsed.append(' ');
        }
        gap = false;
        collapsed.append(c);
      }
    }
    return collapsed.toString();
  }

  /** White space as Python's {@code str.split} sees it, which is neither of Java's notions. */
  private static boolean isSpace(char c) {
    return c >= '\t' && c <= '\r'
        || c >= 0x1C && c <= 0x20
        || c == 0x85
        || c == 0xA0
        || c == 0x1680
        || c >= 0x2000 && c <= 0x200A
        || c == 0x2028
        || c == 0x2029
        || c == 0x202F
        || c == 0x205F
        || c == 0x3000;
  }
}
