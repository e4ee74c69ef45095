package io.headgate.stream;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;

/**
 * How many cases are worked on at a time: at most {@code limit} are between their start and their
 * outcome, which bounds the memory of decoded images; the others wait in the order they came, as
 * the bytes that Kafka Streams holds anyway. A case that is started by name starts at once, limit
 * or not, so that waiting for one case never depends on another.
 *
 * <p>Any thread may call.
 */
final class Admission {
  private final int limit;
  private final Consumer<Case> work;
  private final Object lock = new Object();
  private final Deque<Case> waiting = new ArrayDeque<>();
  private final Set<Case> running = new HashSet<>();

  /**
   * @param work begins on a case and returns at once; called without any lock
   */
  Admission(int limit, Consumer<Case> work) {
    this.limit = limit;
    this.work = work;
  }

  /** Starts the case now, or as soon as there is room. */
  void enter(Case opened) {
    boolean now;
    synchronized (lock) {
      now = running.size() < limit;
      if (!now) {
        waiting.addLast(opened);
      }
    }
    if (now) {
      start(opened);
    }
  }

  /** Starts the case at once, unless it was started or abandoned before. */
  void start(Case opened) {
    if (!opened.start()) {
      return;
    }
    synchronized (lock) {
      running.add(opened);
    }
    opened.outcome.whenComplete((outcome, failure) -> leave(opened));
    work.accept(opened);
  }

  private void leave(Case over) {
    List<Case> next = new ArrayList<>();
    synchronized (lock) {
      running.remove(over);
      while (running.size() + next.size() < limit && !waiting.isEmpty()) {
        Case first = waiting.pollFirst();
        if (first.isWaiting()) {
          next.add(first);
        }
      }
    }
    next.forEach(this::start);
  }

  /** Cases without an outcome. */
  int pending() {
    synchronized (lock) {
      return waiting.size() + running.size();
    }
  }

  /**
   * Starts none of those that wait.
   *
   * @return those that were started and have no outcome
   */
  List<Case> end() {
    synchronized (lock) {
      waiting.clear();
      return List.copyOf(running);
    }
  }
}
