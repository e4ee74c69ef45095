package io.headgate.serving;

import io.headgate.v1.grpc.Inspection;

/** One image's judgement, still to be put on the wire and into the metrics. Immutable. */
interface Judged {
  Inspection inspection();

  ImageFigures figures();
}
