package io.headgate.faults;

import io.headgate.broker.ChildProcess;
import java.io.IOException;
import java.nio.file.Files;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.EnumMap;
import java.util.EnumSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.PriorityQueue;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;

/**
 * Carries out faults and, when their time is over, puts right what they broke. Faults of different
 * processes overlap; a process that is down or frozen is left alone until it is back. One that ends
 * by itself is noted and started again, as an orchestrator would.
 *
 * <p>Used by one thread, which also does the waiting: see {@link #pause}.
 */
final class Saboteur {
  private static final Duration TICK = Duration.ofMillis(50);
  private static final Duration GRACE = Duration.ofSeconds(10);
  private static final Duration LONGEST_DOWN = Duration.ofMinutes(1);
  private static final int QUIET_TAIL = 3;

  /** A repair that is due. */
  private record Repair(long dueNanos, Target target, Action action) {}

  /** What a repair does. */
  private interface Action {
    void run() throws IOException;
  }

  private final Map<Target, ChildProcess> processes;
  private final Optional<SmallDisk> disk;
  private final Consumer<String> journal;
  private final PriorityQueue<Repair> repairs =
      new PriorityQueue<>(Comparator.comparingLong(Repair::dueNanos));
  private final Set<Target> down = EnumSet.noneOf(Target.class);
  private final Map<String, Integer> counts = new TreeMap<>();
  private final List<String> unexpected = new ArrayList<>();
  private int kills;

  /**
   * @param processes all running but {@link Target#GUARD_3}
   * @param disk the broker's; empty when it cannot be filled
   * @param journal told what happens, line by line
   */
  Saboteur(
      Map<Target, ChildProcess> processes, Optional<SmallDisk> disk, Consumer<String> journal) {
    this.processes = new EnumMap<>(processes);
    this.disk = disk;
    this.journal = journal;
    down.add(Target.GUARD_3);
  }

  /** SIGKILLs sent. */
  int kills() {
    return kills;
  }

  /** Faults carried out, by kind. */
  Map<String, Integer> counts() {
    return counts;
  }

  /** Processes that ended although nobody harmed them. */
  List<String> unexpected() {
    return unexpected;
  }

  void inflict(Fault fault) throws IOException, InterruptedException {
    counts.merge(fault.kind(), 1, Integer::sum);
    journal.accept("%s for %d ms".formatted(fault.kind(), fault.length().toMillis()));
    if (fault instanceof Fault.Kill kill) {
      kill(kill.target(), kill.length());
    } else if (fault instanceof Fault.Freeze freeze) {
      awaitUp(freeze.target());
      ChildProcess process = processes.get(freeze.target());
      process.freeze();
      later(freeze.target(), freeze.length(), process::thaw);
    } else if (fault instanceof Fault.Restart restart) {
      awaitUp(restart.target());
      ChildProcess process = processes.get(restart.target());
      process.terminate(GRACE);
      later(restart.target(), restart.length(), process::start);
    } else if (fault instanceof Fault.Join join) {
      awaitDown(Target.GUARD_3);
      ChildProcess third = processes.get(Target.GUARD_3);
      third.start();
      down.remove(Target.GUARD_3);
      repairs.add(
          new Repair(
              due(join.length()),
              null,
              () -> {
                third.terminate(GRACE);
                down.add(Target.GUARD_3);
              }));
    } else if (fault instanceof Fault.Slow slow) {
      slow(slow.length());
    } else if (fault instanceof Fault.RegistryAway away) {
      kill(Target.REGISTRY, away.length());
      for (Target guard : Target.GUARDS) {
        kill(guard, Duration.ZERO);
      }
    } else if (fault instanceof Fault.DiskFull full) {
      fillDisk(full.length());
    }
  }

  private void kill(Target target, Duration length) throws IOException, InterruptedException {
    awaitUp(target);
    ChildProcess process = processes.get(target);
    process.kill();
    kills++;
    later(target, length, process::start);
  }

  private void slow(Duration length) throws IOException, InterruptedException {
    awaitUp(Target.SERVICE);
    ChildProcess service = processes.get(Target.SERVICE);
    long end = due(length);
    while (System.nanoTime() < end) {
      service.freeze();
      pause(TICK.multipliedBy(4));
      service.thaw();
      pause(TICK);
    }
  }

  private void fillDisk(Duration length) throws IOException, InterruptedException {
    SmallDisk full =
        disk.orElseThrow(
            () -> new IllegalStateException("the plan needs a disk that can be filled"));
    awaitUp(Target.BROKER);
    full.fill();
    ChildProcess broker = processes.get(Target.BROKER);
    later(
        Target.BROKER,
        length,
        () -> {
          full.free();
          if (!broker.isAlive()) { // as Kafka does when its only disk fails
            journal.accept("broker ended on the full disk");
            broker.start();
          }
        });
  }

  private void later(Target target, Duration length, Action action) {
    down.add(target);
    repairs.add(new Repair(due(length), target, action));
  }

  private static long due(Duration length) {
    return System.nanoTime() + length.toNanos();
  }

  /**
   * Lets time pass, and meanwhile repairs what is due and starts again what has ended by itself.
   */
  void pause(Duration length) throws IOException, InterruptedException {
    long end = due(length);
    do {
      tend();
      long left = end - System.nanoTime();
      TimeUnit.NANOSECONDS.sleep(Math.max(0, Math.min(left, TICK.toNanos())));
    } while (System.nanoTime() < end);
  }

  /** Repairs everything, due or not. */
  void repairAll() throws IOException, InterruptedException {
    while (!repairs.isEmpty()) {
      pause(TICK);
    }
  }

  private void awaitUp(Target target) throws IOException, InterruptedException {
    long end = due(LONGEST_DOWN);
    while (down.contains(target)) {
      if (System.nanoTime() > end) {
        throw new IllegalStateException(target + " is down for longer than planned");
      }
      pause(TICK);
    }
  }

  private void awaitDown(Target target) throws IOException, InterruptedException {
    while (!down.contains(target)) {
      pause(TICK);
    }
  }

  private void tend() throws IOException {
    while (!repairs.isEmpty() && repairs.peek().dueNanos() <= System.nanoTime()) {
      Repair repair = repairs.poll();
      repair.action().run();
      if (repair.target() != null) {
        down.remove(repair.target());
      }
    }
    for (Map.Entry<Target, ChildProcess> entry : processes.entrySet()) {
      ChildProcess process = entry.getValue();
      if (!down.contains(entry.getKey()) && !process.isAlive()) {
        String what = "%s ended by itself: %s".formatted(entry.getKey(), tail(process));
        unexpected.add(what);
        journal.accept(what);
        process.start();
      }
    }
  }

  private static String tail(ChildProcess process) throws IOException {
    List<String> lines = Files.readAllLines(process.output());
    return String.join(" | ", lines.subList(Math.max(0, lines.size() - QUIET_TAIL), lines.size()));
  }
}
