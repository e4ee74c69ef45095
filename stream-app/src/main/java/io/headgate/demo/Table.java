package io.headgate.demo;

import java.util.ArrayList;
import java.util.List;

/** Aligned text: the first column to the left, the others to the right. */
final class Table {
  private final List<String[]> rows = new ArrayList<>();
  private final int columns;

  Table(String... header) {
    columns = header.length;
    rows.add(header);
  }

  Table row(Object... cells) {
    if (cells.length != columns) {
      throw new IllegalArgumentException(
          "cells: %d (expected: %d)".formatted(cells.length, columns));
    }
    String[] row = new String[columns];
    for (int i = 0; i < columns; i++) {
      row[i] = String.valueOf(cells[i]);
    }
    rows.add(row);
    return this;
  }

  @Override
  public String toString() {
    int[] widths = new int[columns];
    for (String[] row : rows) {
      for (int i = 0; i < columns; i++) {
        widths[i] = Math.max(widths[i], row[i].length());
      }
    }
    StringBuilder text = new StringBuilder();
    for (int r = 0; r < rows.size(); r++) {
      for (int i = 0; i < columns; i++) {
        String cell = rows.get(r)[i];
        String padding = " ".repeat(widths[i] - cell.length());
        text.append(i == 0 ? "" : "  ").append(i == 0 ? cell + padding : padding + cell);
      }
      text.append('\n');
      if (r == 0) {
        for (int i = 0; i < columns; i++) {
          text.append(i == 0 ? "" : "  ").append("─".repeat(widths[i]));
        }
        text.append('\n');
      }
    }
    return text.toString().replaceAll("[ ]+\n", "\n");
  }
}
