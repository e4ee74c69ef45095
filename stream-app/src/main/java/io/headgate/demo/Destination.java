package io.headgate.demo;

/** The four topics an event can end in. */
enum Destination {
  CLEAN,
  REPAIRED,
  QUARANTINED,
  DEAD_LETTER
}
