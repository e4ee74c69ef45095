package io.headgate.stream;

/** What happens to images when the model service has been away for longer than agreed. */
public enum OutagePolicy {
  /** They wait in the source topic until it is back. */
  HOLD,
  /** They are quarantined unjudged, marked as unverified. */
  QUARANTINE,
  /** They are passed on as clean unjudged, marked as unverified: the guard is then off. */
  PASS_UNVERIFIED
}
