package io.headgate.serving;

import io.headgate.calibration.Calibration;
import java.util.List;

/** Where calibrations come from while the service runs. Used by the rollout's thread only. */
interface CalibrationSource extends AutoCloseable {
  /** Changes whenever {@link #load} might return something else. */
  String signature();

  /** All that can be read, and why the others cannot. */
  Loaded load();

  /** Whether somebody else feeds it, so that what is missing may still come. */
  default boolean isFed() {
    return false;
  }

  @Override
  void close();

  /**
   * What a source holds.
   *
   * @param calibrations readable and undamaged
   * @param problems a message for each that is not
   */
  record Loaded(List<Calibration> calibrations, List<String> problems) {
    public Loaded {
      calibrations = List.copyOf(calibrations);
      problems = List.copyOf(problems);
    }
  }
}
