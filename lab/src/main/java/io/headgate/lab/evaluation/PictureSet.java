package io.headgate.lab.evaluation;

import java.io.IOException;
import java.util.List;
import java.util.function.Consumer;

/** Pictures read one batch after the other, as often as asked for, always in the same order. */
public interface PictureSet {
  /** Of an attack, or {@code clean}. */
  String name();

  /** How many there are, unreadable ones included. */
  int size();

  /** Hands over all readable pictures. */
  void forEach(int batch, Consumer<List<Picture>> then) throws IOException;

  /** What could not be read in the last pass and why, the first hundred. */
  default List<String> skipped() {
    return List.of();
  }

  /** How many could not be read in the last pass. */
  default int skippedCount() {
    return 0;
  }
}
