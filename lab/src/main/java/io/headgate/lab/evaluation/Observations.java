package io.headgate.lab.evaluation;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What was seen of one set of pictures: some dozens of numbers for each. Owned by one thread. */
final class Observations {
  /** Where a picture went. */
  enum Route {
    CLEAN,
    REPAIRED,
    QUARANTINED
  }

  /**
   * What became of a picture under one repair.
   *
   * @param label of the embedding passed on, or of the quarantined one
   * @param always label if the repair is applied to every picture, flagged or not; −1 if that was
   *     not tried
   */
  record Outcome(Route route, int label, int always) {}

  private final List<Integer> labels = new ArrayList<>();
  private final List<Integer> predicted = new ArrayList<>();
  private final Map<String, Numbers> scores = new LinkedHashMap<>();
  private final Map<Repairs, List<Outcome>> outcomes = new EnumMap<>(Repairs.class);

  private static final class Numbers {
    double[] values = new double[256];
    int size;

    void add(double v) {
      if (size == values.length) {
        values = Arrays.copyOf(values, 2 * size);
      }
      values[size++] = v;
    }
  }

  void picture(int label, int prediction) {
    labels.add(label);
    predicted.add(prediction);
  }

  void score(String detector, double value) {
    scores.computeIfAbsent(detector, d -> new Numbers()).add(value);
  }

  void outcome(Repairs repair, Outcome outcome) {
    outcomes.computeIfAbsent(repair, r -> new ArrayList<>()).add(outcome);
  }

  int size() {
    return labels.size();
  }

  int label(int i) {
    return labels.get(i);
  }

  int predicted(int i) {
    return predicted.get(i);
  }

  List<String> detectors() {
    return List.copyOf(scores.keySet());
  }

  double[] scores(String detector) {
    Numbers n = scores.get(detector);
    return n == null ? new double[0] : Arrays.copyOf(n.values, n.size);
  }

  List<Outcome> outcomes(Repairs repair) {
    return outcomes.getOrDefault(repair, List.of());
  }
}
