package io.headgate.faults;

import java.time.Duration;

/** One thing that goes wrong. */
sealed interface Fault {
  /** What kind of fault it is, as reports count it. */
  String kind();

  /** How long until what it broke is put right. */
  Duration length();

  /** SIGKILL; started again after {@code length}. */
  record Kill(Target target, Duration length) implements Fault {
    @Override
    public String kind() {
      return "kill-" + target;
    }
  }

  /** SIGSTOP; SIGCONT after {@code length}. */
  record Freeze(Target target, Duration length) implements Fault {
    @Override
    public String kind() {
      return "freeze-" + target;
    }
  }

  /** SIGTERM and a start: the group hands the partitions over and back. */
  record Restart(Target target, Duration length) implements Fault {
    @Override
    public String kind() {
      return "restart-" + target;
    }
  }

  /** A third guard joins the group and leaves after {@code length}. */
  record Join(Duration length) implements Fault {
    @Override
    public String kind() {
      return "rebalance";
    }
  }

  /** The service gets a fifth of the time it would take. */
  record Slow(Duration length) implements Fault {
    @Override
    public String kind() {
      return "slow-service";
    }
  }

  /** SIGKILL of the registry and of both guards, which start again before the registry does. */
  record RegistryAway(Duration length) implements Fault {
    @Override
    public String kind() {
      return "registry-away";
    }
  }

  /** No byte is free on the broker's disk. */
  record DiskFull(Duration length) implements Fault {
    @Override
    public String kind() {
      return "disk-full";
    }
  }
}
