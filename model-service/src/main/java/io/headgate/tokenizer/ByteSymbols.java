package io.headgate.tokenizer;

import java.util.ArrayList;
import java.util.List;

/**
 * The visible characters that stand for bytes in CLIP's vocabulary files: printable Latin-1 stands
 * for itself, the other 68 bytes for U+0100 onwards.
 */
final class ByteSymbols {
  private static final String[] OF_BYTE = new String[256];
  private static final List<String> IN_ORDER = new ArrayList<>();

  static {
    for (int b = 0; b < 256; b++) {
      if (isVisible(b)) {
        OF_BYTE[b] = String.valueOf((char) b);
        IN_ORDER.add(OF_BYTE[b]);
      }
    }
    int next = 256;
    for (int b = 0; b < 256; b++) {
      if (!isVisible(b)) {
        OF_BYTE[b] = String.valueOf((char) next++);
        IN_ORDER.add(OF_BYTE[b]);
      }
    }
  }

  private ByteSymbols() {}

  private static boolean isVisible(int b) {
    return b >= '!' && b <= '~' || b >= 0xA1 && b <= 0xAC || b >= 0xAE && b <= 0xFF;
  }

  static String of(byte b) {
    return OF_BYTE[b & 0xFF];
  }

  /** All 256, in the order in which OpenAI's vocabulary numbers them. */
  static List<String> inOrder() {
    return List.copyOf(IN_ORDER);
  }
}
