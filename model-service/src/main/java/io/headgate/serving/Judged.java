package io.headgate.serving;

import io.headgate.v1.grpc.Inspection;

/** One image's judgement, still to be put on the wire and into the metrics. Immutable. */
interface Judged {
  /**
   * @param topLabels at most so many labels, at least 1
   * @param alwaysEvidence also on images that are not quarantined
   */
  Inspection inspection(int topLabels, boolean alwaysEvidence);

  ImageFigures figures();
}
