package io.headgate.lab.report;

import java.util.List;
import java.util.Locale;

/** Small plots as inline SVG: nothing to load, nothing to run. */
final class Svg {
  private static final String[] COLOURS = {
    "#0b6e99", "#d9730d", "#448361", "#9065b0", "#c14c8a", "#787774", "#e0b400", "#7fc4e8"
  };
  private static final int LEFT = 44;
  private static final int TOP = 24;
  private static final int BOTTOM = 34;

  /** Width of a letter of a title, generously. */
  private static final int TITLE_LETTER = 7;

  /**
   * One line of a plot.
   *
   * @param colour number of the colour
   */
  record Line(String name, double[] x, double[] y, int colour, boolean dashed) {}

  private Svg() {}

  static String escape(String text) {
    return text.replace("&", "&amp;")
        .replace("<", "&lt;")
        .replace(">", "&gt;")
        .replace("\"", "&quot;");
  }

  /** Lines over [0, xMax] × [0, 1]. */
  static String lines(String title, String xTitle, double xMax, List<Line> lines) {
    int w = 300;
    int h = 190;
    StringBuilder s = open(LEFT + w + 20, TOP + h + BOTTOM + 16 * lines.size(), title);
    axes(s, w, h, xTitle, xMax);
    for (int k = 0; k < lines.size(); k++) {
      Line line = lines.get(k);
      StringBuilder points = new StringBuilder();
      for (int i = 0; i < line.x().length; i++) {
        points.append(
            format(
                "%.1f,%.1f ",
                LEFT + line.x()[i] / xMax * w,
                TOP + h - Math.min(1, Math.max(0, line.y()[i])) * h));
      }
      s.append(
          format(
              "<polyline fill='none' stroke='%s' stroke-width='1.8'%s points='%s'/>",
              COLOURS[line.colour() % COLOURS.length],
              line.dashed() ? " stroke-dasharray='5 3'" : "",
              points.toString().strip()));
      int y = TOP + h + BOTTOM + 12 + 16 * k;
      s.append(
          format(
              "<line x1='%d' y1='%d' x2='%d' y2='%d' stroke='%s' stroke-width='3'%s/><text x='%d' y='%d'>%s</text>",
              LEFT,
              y - 4,
              LEFT + 16,
              y - 4,
              COLOURS[line.colour() % COLOURS.length],
              line.dashed() ? " stroke-dasharray='5 3'" : "",
              LEFT + 22,
              y,
              escape(line.name())));
    }
    return s.append("</svg>").toString();
  }

  private static void axes(StringBuilder s, int w, int h, String xTitle, double xMax) {
    for (int i = 0; i <= 4; i++) {
      int y = TOP + h - h * i / 4;
      s.append(
          format(
              "<line x1='%d' y1='%d' x2='%d' y2='%d' stroke='#ddd'/><text x='%d' y='%d' text-anchor='end'>%.2f</text>",
              LEFT, y, LEFT + w, y, LEFT - 5, y + 4, i / 4.0));
    }
    int ticks = xMax > 1 && xMax <= 12 ? (int) xMax : 4;
    for (int i = 0; i <= ticks; i++) {
      s.append(
          format(
              "<text x='%d' y='%d' text-anchor='middle'>%s</text>",
              LEFT + w * i / ticks, TOP + h + 14, tick(xMax * i / ticks)));
    }
    s.append(
        format(
            "<text x='%d' y='%d' text-anchor='middle'>%s</text>",
            LEFT + w / 2, TOP + h + 29, escape(xTitle)));
  }

  private static String tick(double v) {
    return v == Math.rint(v) ? Long.toString((long) v) : format("%.3g", v);
  }

  /** Cells coloured by value; columns and, if there are several, rows are numbered from 0. */
  static String heat(String title, double[][] rows, String rowName, String columnName) {
    int cell = 22;
    int columns = rows[0].length;
    double max = 1e-12;
    for (double[] row : rows) {
      for (double v : row) {
        max = Math.max(max, v);
      }
    }
    StringBuilder s = open(LEFT + columns * cell + 10, TOP + rows.length * cell + BOTTOM, title);
    for (int r = 0; r < rows.length; r++) {
      if (rows.length > 1) {
        s.append(
            format(
                "<text x='%d' y='%d' text-anchor='end'>%s%d</text>",
                LEFT - 5, TOP + r * cell + 15, rowName, r));
      }
      for (int c = 0; c < columns; c++) {
        double v = rows[r][c] / max;
        s.append(
            format(
                "<rect x='%d' y='%d' width='%d' height='%d' fill='rgb(%d,%d,%d)'><title>%s %s%d: %.4g</title></rect>",
                LEFT + c * cell,
                TOP + r * cell,
                cell - 1,
                cell - 1,
                Math.round(250 - 239 * v),
                Math.round(248 - 138 * v),
                Math.round(245 - 92 * v),
                rows.length > 1 ? rowName + r : "",
                columnName,
                c,
                rows[r][c]));
      }
    }
    for (int c = 0; c < columns; c++) {
      s.append(
          format(
              "<text x='%d' y='%d' text-anchor='middle'>%s%d</text>",
              LEFT + c * cell + cell / 2, TOP + rows.length * cell + 14, columnName, c));
    }
    return s.append(
            format(
                "<text x='%d' y='%d'>largest %.4g</text></svg>",
                LEFT, TOP + rows.length * cell + 30, max))
        .toString();
  }

  /** Two histograms over the same range. */
  static String histogram(String title, double[] clean, double[] triggered, double threshold) {
    int w = 150;
    int h = 70;
    int bins = 30;
    double low = threshold;
    double high = threshold;
    for (double[] values : new double[][] {clean, triggered}) {
      for (double v : values) {
        low = Math.min(low, v);
        high = Math.max(high, v);
      }
    }
    double width = Math.max(high - low, 1e-12);
    StringBuilder s = open(w + 12, TOP + h + 20, title);
    double[][] counts = new double[2][bins];
    for (int k = 0; k < 2; k++) {
      double[] values = k == 0 ? clean : triggered;
      for (double v : values) {
        counts[k][(int) Math.min(bins - 1, (v - low) / width * bins)] += 1.0 / values.length;
      }
    }
    double max = 1e-12;
    for (double[] c : counts) {
      for (double v : c) {
        max = Math.max(max, v);
      }
    }
    for (int k = 0; k < 2; k++) {
      for (int b = 0; b < bins; b++) {
        double bar = counts[k][b] / max * h;
        s.append(
            format(
                "<rect x='%.1f' y='%.1f' width='%.1f' height='%.1f' fill='%s' opacity='0.55'/>",
                6 + (double) w * b / bins, TOP + h - bar, (double) w / bins, bar, COLOURS[k]));
      }
    }
    double x = 6 + (threshold - low) / width * w;
    return s.append(
            format(
                "<line x1='%.1f' y1='%d' x2='%.1f' y2='%d' stroke='#333' stroke-dasharray='3 2'/><text x='6' y='%d'>%.3g</text><text x='%d' y='%d' text-anchor='end'>%.3g</text></svg>",
                x, TOP, x, TOP + h, TOP + h + 14, low, w + 6, TOP + h + 14, high))
        .toString();
  }

  /** A picture with its token map over it; outlined are the tokens that pruning drops. */
  static String tokens(String title, String pngBase64, int grid, float[] map, int[] dropped) {
    int side = 168;
    double cell = (double) side / grid;
    double max = 1e-12;
    for (float v : map) {
      max = Math.max(max, v);
    }
    StringBuilder s = open(2 * side + 8, TOP + side + 4, title);
    String image =
        "<image x='%d' y='%d' width='%d' height='%d' image-rendering='pixelated' href='data:image/png;base64,%s'/>";
    s.append(format(image, 0, TOP, side, side, pngBase64));
    s.append(format(image, side + 8, TOP, side, side, pngBase64));
    for (int t = 0; t < map.length; t++) {
      double v = Math.max(0, map[t] / max);
      s.append(
          format(
              "<rect x='%.1f' y='%.1f' width='%.1f' height='%.1f' fill='#d9002b' opacity='%.2f'/>",
              side + 8 + t % grid * cell, TOP + t / grid * cell, cell, cell, 0.75 * v));
    }
    for (int t : dropped) {
      s.append(
          format(
              "<rect x='%.1f' y='%.1f' width='%.1f' height='%.1f' fill='none' stroke='#fff' stroke-width='2'/>",
              side + 9 + t % grid * cell, TOP + 1 + t / grid * cell, cell - 2, cell - 2));
    }
    return s.append("</svg>").toString();
  }

  private static StringBuilder open(int width, int h, String title) {
    int w = Math.max(width, 4 + TITLE_LETTER * title.length());
    return new StringBuilder(
        format(
            "<svg xmlns='http://www.w3.org/2000/svg' width='%d' height='%d' viewBox='0 0 %d %d' role='img' aria-label=\"%s\"><text x='2' y='14' class='t'>%s</text>",
            w, h, w, h, escape(title), escape(title)));
  }

  private static String format(String format, Object... args) {
    return String.format(Locale.ROOT, format, args);
  }
}
