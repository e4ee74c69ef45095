package io.headgate.stream;

import io.headgate.client.Inspected;
import io.headgate.v1.ImageSubmitted;

/** What became of one record. */
sealed interface Outcome {
  /**
   * Judged by the service.
   *
   * @param event as submitted
   * @param inspected the judgement
   * @param sha256 of the encoded bytes that were judged [32]
   */
  record Judged(ImageSubmitted event, Inspected inspected, byte[] sha256) implements Outcome {}

  /**
   * Routed by the outage policy without a judgement.
   *
   * @param event as submitted
   * @param policy that routed it
   */
  record Unverified(ImageSubmitted event, OutagePolicy policy) implements Outcome {}

  /** Not to be judged; goes to the dead letters. */
  record Refused(DeadLetterCode code, Throwable cause) implements Outcome {}
}
