package io.headgate.doctor;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.Locale;

/**
 * What one look at one thing has shown.
 *
 * @param check what was looked at
 * @param state how it is
 * @param detail what was seen
 * @param remedy what to do; empty when all is well
 */
record Finding(
    @JsonProperty("check") Check check,
    @JsonProperty("state") State state,
    @JsonProperty("detail") String detail,
    @JsonProperty("remedy") String remedy) {

  /** What is looked at, in the order of the report. */
  enum Check {
    TIMING_BUDGET,
    BROKERS,
    TOPICS,
    PERMISSIONS,
    REGISTRY,
    SERVICE,
    CALIBRATION,
    CLAIMS;

    /** As people and scripts read it. */
    @com.fasterxml.jackson.annotation.JsonValue
    String text() {
      return name().toLowerCase(Locale.ROOT).replace('_', ' ');
    }
  }

  /** How it is. */
  enum State {
    OK,
    /** Works, and yet somebody should know. */
    WARNING,
    /** The guard would not start, not work, or not keep its promises. */
    PROBLEM,
    /** Could not be looked at because of a problem above. */
    SKIPPED;

    @com.fasterxml.jackson.annotation.JsonValue
    String text() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  static Finding ok(Check check, String detail) {
    return new Finding(check, State.OK, detail, "");
  }

  static Finding warning(Check check, String detail, String remedy) {
    return new Finding(check, State.WARNING, detail, remedy);
  }

  static Finding problem(Check check, String detail, String remedy) {
    return new Finding(check, State.PROBLEM, detail, remedy);
  }

  static Finding skipped(Check check, String why) {
    return new Finding(check, State.SKIPPED, why, "");
  }
}
