package io.headgate.detection;

/**
 * One way of telling a suspicious image from a clean one. Larger is more suspicious. Pure: equal
 * readings get equal scores; safe for concurrent use.
 */
@FunctionalInterface
public interface Detector {
  /** The image's score; NaN when the reading holds one, which counts as suspicious. */
  double score(Reading reading);
}
