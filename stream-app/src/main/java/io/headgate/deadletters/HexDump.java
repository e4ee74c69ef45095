package io.headgate.deadletters;

import java.util.Locale;

/** Bytes as people read them: offset, sixteen bytes in hex, the same as ASCII. */
final class HexDump {
  private static final int COLUMNS = 16;

  private HexDump() {}

  /**
   * @param most bytes shown; how many are left out is said
   */
  static String of(byte[] bytes, int most) {
    StringBuilder text = new StringBuilder();
    int shown = Math.min(bytes.length, most);
    for (int row = 0; row < shown; row += COLUMNS) {
      StringBuilder hex = new StringBuilder();
      StringBuilder ascii = new StringBuilder();
      for (int i = row; i < Math.min(row + COLUMNS, shown); i++) {
        hex.append(String.format(Locale.ROOT, "%02x ", bytes[i]));
        ascii.append(bytes[i] >= 0x20 && bytes[i] < 0x7F ? (char) bytes[i] : '.');
      }
      text.append(String.format(Locale.ROOT, "  %06x  %-48s %s%n", row, hex, ascii));
    }
    if (shown < bytes.length) {
      text.append(String.format(Locale.ROOT, "  … %,d more (--out FILE)%n", bytes.length - shown));
    }
    return text.toString();
  }
}
