package io.headgate.lab.attacks;

/** Where a patch goes. */
enum PatchPlace {
  RANDOM,
  CENTRE
}
