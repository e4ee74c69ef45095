package io.headgate.stream;

/** Where a record goes. */
enum Route {
  CLEAN,
  REPAIRED,
  QUARANTINED,
  DEAD_LETTER
}
