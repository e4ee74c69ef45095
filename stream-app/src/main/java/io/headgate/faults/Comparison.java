package io.headgate.faults;

import java.util.List;
import org.apache.avro.generic.IndexedRecord;

/**
 * Compares two verdicts field by field. Everything must be equal but real numbers, which may differ
 * by rounding: a batch of another size multiplies its matrices in another order.
 *
 * <p>Used by one thread.
 */
final class Comparison {
  /** Of numbers of the order of one; larger ones may differ by this share of themselves. */
  static final double TOLERANCE = 1e-4;

  private double deviation;

  /** The largest difference of two numbers so far, relative where they are larger than one. */
  double deviation() {
    return deviation;
  }

  /**
   * @return where they differ and how; null when they do not
   */
  String difference(Object expected, Object observed) {
    return difference("", expected, observed);
  }

  private String difference(String path, Object expected, Object observed) {
    if (expected instanceof IndexedRecord a && observed instanceof IndexedRecord b) {
      for (var field : a.getSchema().getFields()) {
        String name = path.isEmpty() ? field.name() : path + "." + field.name();
        String found = difference(name, a.get(field.pos()), b.get(field.pos()));
        if (found != null) {
          return found;
        }
      }
      return null;
    }
    if (expected instanceof List<?> a && observed instanceof List<?> b && a.size() == b.size()) {
      for (int i = 0; i < a.size(); i++) {
        String found = difference(path + "[" + i + "]", a.get(i), b.get(i));
        if (found != null) {
          return found;
        }
      }
      return null;
    }
    boolean equal =
        isReal(expected) && isReal(observed)
            ? isClose(((Number) expected).doubleValue(), ((Number) observed).doubleValue())
            : java.util.Objects.equals(expected, observed);
    return equal ? null : "%s: %s (expected: %s)".formatted(path, observed, expected);
  }

  private static boolean isReal(Object value) {
    return value instanceof Float || value instanceof Double;
  }

  private boolean isClose(double expected, double observed) {
    if (Double.compare(expected, observed) == 0) {
      return true;
    }
    double difference = Math.abs(expected - observed) / Math.max(1, Math.abs(expected));
    if (!(difference <= TOLERANCE)) {
      return false;
    }
    deviation = Math.max(deviation, difference);
    return true;
  }
}
