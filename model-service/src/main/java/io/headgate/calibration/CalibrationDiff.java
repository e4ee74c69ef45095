package io.headgate.calibration;

import io.headgate.calibration.Calibration.Content;
import io.headgate.decomposition.ModelShape;
import io.headgate.detection.Component;
import io.headgate.detection.FittedDetectors;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Set;

/**
 * What differs between two calibrations.
 *
 * @param changes one row for each thing that differs
 * @param imagesInBoth number of images, by hash, that both were made from
 * @param imagesOnlyInA number of images that only the first was made from
 * @param imagesOnlyInB number of images that only the second was made from
 */
public record CalibrationDiff(
    List<Change> changes, long imagesInBoth, long imagesOnlyInA, long imagesOnlyInB) {
  private static final int LISTED = 5;

  /** One thing, before and after. */
  public record Change(String what, String a, String b) {}

  public CalibrationDiff {
    changes = List.copyOf(changes);
  }

  /** Compares. */
  public static CalibrationDiff of(Calibration a, Calibration b) {
    Map<String, String> first = facts(a);
    Map<String, String> second = facts(b);
    List<Change> changes = new ArrayList<>();
    Set<String> names = new LinkedHashSet<>(first.keySet());
    names.addAll(second.keySet());
    for (String name : names) {
      String before = first.getOrDefault(name, "-");
      String after = second.getOrDefault(name, "-");
      if (!before.equals(after)) {
        changes.add(new Change(name, before, after));
      }
    }
    changes.addAll(prototypes(a.detectors(), b.detectors()));
    Set<ByteBuffer> ofA = a.content().images().hashes();
    Set<ByteBuffer> ofB = b.content().images().hashes();
    long both = ofA.stream().filter(ofB::contains).count();
    return new CalibrationDiff(changes, both, ofA.size() - both, ofB.size() - both);
  }

  private static Map<String, String> facts(Calibration calibration) {
    Content content = calibration.content();
    FittedDetectors detectors = content.detectors();
    CalibrationSettings settings = content.settings();
    CalibrationImages images = content.images();
    Measured measured = content.measured();
    Map<String, String> facts = new LinkedHashMap<>();
    facts.put("id", calibration.id());
    facts.put("created", content.createdAt().toString());
    facts.put("expires", content.expiresAt().map(Objects::toString).orElse("never"));
    facts.put(
        "signed by",
        calibration.signature().map(Calibration.Signature::publicKey).orElse("nobody"));
    facts.put("model", content.modelFingerprint());
    facts.put("preprocessing", content.preprocessing());
    facts.put(
        "classes",
        content.classes().size()
            + (content.classes().isEmpty()
                ? ""
                : " ("
                    + String.join(", ", content.classes().stream().limit(LISTED).toList())
                    + " …)"));
    facts.put("target false-quarantine rate", percent(settings.targetFalseQuarantine()));
    facts.put("confidence", percent(settings.confidence()));
    facts.put("epsilon quantile", number(settings.epsilonQuantile()));
    facts.put("held-out share", percent(settings.heldOutShare()));
    facts.put("screened", Boolean.toString(settings.screened()));
    facts.put("seed", Long.toString(settings.seed()));
    facts.put("images used", Long.toString(images.total()));
    facts.put("images left out", Long.toString(images.leftOut()));
    facts.put("images skipped", Long.toString(images.skippedCount()));
    facts.put("classes seen", Integer.toString(images.classesSeen()));
    facts.put("flag rate measured", percent(measured.flagRate()));
    facts.put("flag rate at most", percent(measured.flagRateUpper()));
    facts.put("quarantine rate measured", percent(measured.quarantineRate()));
    facts.put("quarantine rate at most", percent(measured.quarantineRateUpper()));
    facts.put("combination", String.join(" + ", detectors.combination()));
    facts.put("threshold combined", number(detectors.threshold()));
    for (FittedDetectors.Fitted fitted : detectors.detectors()) {
      facts.put("threshold " + fitted.name(), number(fitted.threshold()));
    }
    facts.put("zeta", Integer.toString(detectors.zeta()));
    for (int h = 0; h < detectors.epsilon().length; h++) {
      facts.put("epsilon head " + h, number(detectors.epsilon()[h]));
    }
    return facts;
  }

  /** The components whose clean mean moved most, as the cosine of before and after. */
  private static List<Change> prototypes(FittedDetectors a, FittedDetectors b) {
    ModelShape shape = a.reference().shape();
    if (!shape.equals(b.reference().shape())) {
      return List.of();
    }
    int d = shape.embedding();
    double[] cosines = new double[shape.components()];
    Integer[] order = new Integer[cosines.length];
    for (int k = 0; k < cosines.length; k++) {
      cosines[k] = cosine(a.reference().means(), b.reference().means(), k * d, d);
      order[k] = k;
    }
    Arrays.sort(order, (x, y) -> Double.compare(cosines[x], cosines[y]));
    List<Change> changes = new ArrayList<>();
    for (int i = 0; i < Math.min(LISTED, order.length); i++) {
      if (cosines[order[i]] < 1 - 1e-6) {
        changes.add(
            new Change(
                "prototype " + Component.of(shape, order[i]),
                "1",
                "cosine " + number(cosines[order[i]])));
      }
    }
    return changes;
  }

  private static double cosine(float[] a, float[] b, int from, int length) {
    double dot = 0;
    double ofA = 0;
    double ofB = 0;
    for (int i = from; i < from + length; i++) {
      dot += (double) a[i] * b[i];
      ofA += (double) a[i] * a[i];
      ofB += (double) b[i] * b[i];
    }
    return ofA == 0 || ofB == 0 ? (ofA == ofB ? 1 : 0) : dot / Math.sqrt(ofA * ofB);
  }

  private static String percent(double share) {
    return String.format(Locale.ROOT, "%.3f %%", 100 * share);
  }

  private static String number(double value) {
    return String.format(Locale.ROOT, "%.6g", value);
  }
}
