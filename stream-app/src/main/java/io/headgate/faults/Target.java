package io.headgate.faults;

import java.util.List;

/** What a fault can hit. */
enum Target {
  BROKER("broker"),
  REGISTRY("registry"),
  SERVICE("service"),
  GUARD_1("guard-1"),
  GUARD_2("guard-2"),
  /** Comes and goes, so that partitions move while nobody has died. */
  GUARD_3("guard-3");

  static final List<Target> GUARDS = List.of(GUARD_1, GUARD_2);

  private final String label;

  Target(String label) {
    this.label = label;
  }

  @Override
  public String toString() {
    return label;
  }
}
