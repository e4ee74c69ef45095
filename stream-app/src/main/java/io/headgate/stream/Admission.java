package io.headgate.stream;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;

/**
 * How many cases are worked on at a time: at most {@code limit} are between their start and their
 * outcome, which bounds the memory of decoded images; the others wait in the order they came, as
 * the bytes that Kafka Streams holds anyway. A case that is started by name starts at once, limit
 * or not, so that waiting for one case never depends on another.
 *
 * <p>Any thread may call. Every case without an outcome is in exactly one of the two sets, both
 * guarded by {@code lock}.
 */
final class Admission {
  private final int limit;
  private final Consumer<Case> work;
  private final Object lock = new Object();
  private final Set<Case> waiting = new LinkedHashSet<>();
  private final Set<Case> running = new HashSet<>();
  private boolean open = true;

  /**
   * @param work begins on a case and returns at once; called without any lock
   */
  Admission(int limit, Consumer<Case> work) {
    this.limit = limit;
    this.work = work;
  }

  /** Starts the case now, or as soon as there is room. */
  void enter(Case entering) {
    synchronized (lock) {
      waiting.add(entering);
    }
    entering.outcome.whenComplete((outcome, failure) -> leave(entering));
    admit();
  }

  /** Starts a case that has entered at once, unless it is at work or has its outcome. */
  void start(Case awaited) {
    synchronized (lock) {
      if (!waiting.remove(awaited)) {
        return;
      }
      running.add(awaited);
    }
    work.accept(awaited);
  }

  private void admit() {
    List<Case> next = new ArrayList<>();
    synchronized (lock) {
      Iterator<Case> first = waiting.iterator();
      while (open && running.size() < limit && first.hasNext()) {
        Case one = first.next();
        first.remove();
        running.add(one);
        next.add(one);
      }
    }
    next.forEach(work);
  }

  private void leave(Case over) {
    synchronized (lock) {
      waiting.remove(over);
      running.remove(over);
    }
    admit();
  }

  /** Cases without an outcome. */
  int pending() {
    synchronized (lock) {
      return waiting.size() + running.size();
    }
  }

  /** From now on only cases that are started by name begin. */
  void end() {
    synchronized (lock) {
      open = false;
    }
  }

  /** Cases that were started and have no outcome. */
  List<Case> running() {
    synchronized (lock) {
      return List.copyOf(running);
    }
  }
}
