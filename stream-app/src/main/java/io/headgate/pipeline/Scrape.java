package io.headgate.pipeline;

import java.util.Locale;

/** Numbers out of Prometheus' text form. */
record Scrape(String text) {
  /** The sum of a metric's samples whose labels contain {@code labels}; 0 without any. */
  double sum(String name, String labels) {
    double sum = 0;
    for (String line : text.split("\n")) {
      boolean hit =
          line.startsWith(name)
              && (line.charAt(name.length()) == '{' || line.charAt(name.length()) == ' ')
              && line.contains(labels);
      if (hit) {
        sum += Double.parseDouble(line.substring(line.lastIndexOf(' ') + 1));
      }
    }
    return sum;
  }

  /** Mean of a summary's values since an earlier scrape; NaN without any. */
  double meanSince(Scrape earlier, String name) {
    return (sum(name + "_sum", "") - earlier.sum(name + "_sum", ""))
        / (sum(name + "_count", "") - earlier.sum(name + "_count", ""));
  }

  /** Bytes of heap in use. */
  double heap() {
    return sum("jvm_memory_used_bytes", "area=\"heap\"");
  }

  @Override
  public String toString() {
    return String.format(Locale.ROOT, "scrape of %d characters", text.length());
  }
}
