package io.headgate.detection;

import io.headgate.decomposition.ModelShape;
import java.util.List;

/**
 * A row of the table of detectors: how one kind is fitted on clean readings and rebuilt from stored
 * numbers.
 *
 * @param name stable, kebab-case: it is stored in calibrations and shown in verdicts
 * @param needsClasses whether it means nothing for a model without classes
 */
record DetectorKind(String name, boolean needsClasses, Fitter fitter, Binder binder) {
  /** Clean readings in, parameters out. */
  interface Fitter {
    Numbers fit(List<Reading> clean);
  }

  /** Parameters in, detector out. */
  interface Binder {
    /**
     * @throws IllegalArgumentException if a parameter is missing or has the wrong length
     */
    Detector bind(Numbers numbers, ModelShape shape);
  }

  /** The detector, fitted on clean readings. */
  Detector fitted(List<Reading> clean, ModelShape shape) {
    return binder.bind(fitter.fit(clean), shape);
  }
}
