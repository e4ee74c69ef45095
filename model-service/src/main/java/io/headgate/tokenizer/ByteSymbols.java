package io.headgate.tokenizer;

import java.util.List;
import java.util.function.IntPredicate;
import java.util.stream.Stream;

/**
 * The visible characters that stand for bytes in CLIP's vocabulary files: printable Latin-1 stands
 * for itself, the other 68 bytes for U+0100 onwards.
 */
final class ByteSymbols {
  private static final IntPredicate VISIBLE =
      b -> b >= '!' && b <= '~' || b >= 0xA1 && b <= 0xAC || b >= 0xAE && b <= 0xFF;
  private static final String[] OF_BYTE = ofBytes();

  private ByteSymbols() {}

  private static String[] ofBytes() {
    String[] symbols = new String[256];
    int next = 256;
    for (int b = 0; b < 256; b++) {
      symbols[b] = String.valueOf((char) (VISIBLE.test(b) ? b : next++));
    }
    return symbols;
  }

  static String of(byte b) {
    return OF_BYTE[b & 0xFF];
  }

  /** All 256, in the order in which OpenAI's vocabulary numbers them: by code point. */
  static List<String> inOrder() {
    return Stream.of(OF_BYTE).sorted().toList();
  }
}
