package io.headgate.serving;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.HashMap;
import java.util.Iterator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;

/**
 * Waiting calls, bounded in items and bytes, handed out fairly: callers take turns, one image each.
 * When it is full, a caller that holds less than the greediest one may push out that one's newest
 * call (longest-queue drop; Suter et al., INFOCOM 1998), so nobody is locked out by another's
 * backlog.
 *
 * <p>Within its bounds it may be held shorter ({@link #shorten}); a call that finds nothing waiting
 * is taken in all the same.
 *
 * <p>Calls of an older generation come first, and a batch never mixes generations.
 *
 * <p>Not safe for concurrent use: the batcher's lock guards it. Reads no clock.
 */
final class FairQueue {
  private final int maxItems;
  private final long maxBytes;
  private final Deque<Line> lines = new ArrayDeque<>();
  private final Map<Object, Integer> itemsByCaller = new HashMap<>();
  private int items;
  private long bytes;
  private int length;

  FairQueue(int maxItems, long maxBytes) {
    this.maxItems = maxItems;
    this.maxBytes = maxBytes;
    this.length = maxItems;
  }

  /** From now on at most so many images wait, and never more than the bound. */
  void shorten(int toItems) {
    length = Math.min(maxItems, toItems);
  }

  /** Images of one batch and the calls that were dropped while it was being put together. */
  record Batch(Generation generation, List<Slot> slots, List<PendingCall> expired) {}

  /** One image of a call. */
  record Slot(PendingCall call, int index) {}

  /** Whether a call was taken in, and which others had to make room. */
  record Offer(boolean accepted, List<PendingCall> evicted) {}

  int items() {
    return items;
  }

  long bytes() {
    return bytes;
  }

  int callers() {
    return itemsByCaller.size();
  }

  /** Whether a call of one image of {@code imageBytes} of this caller would be refused now. */
  boolean refuses(Object caller, long imageBytes) {
    if (fits(1, imageBytes, 0, 0)) {
      return false;
    }
    int held = itemsByCaller.getOrDefault(caller, 0);
    return itemsByCaller.values().stream().noneMatch(n -> n > held + 1);
  }

  Offer offer(PendingCall call) {
    List<PendingCall> evicted = List.of();
    if (!fits(call.size(), call.bytes(), 0, 0)) {
      evicted = toEvictFor(call);
      if (evicted.isEmpty()) {
        return new Offer(false, List.of());
      }
      evicted.forEach(this::remove);
    }
    lineOf(call.generation()).add(call);
    items += call.size();
    bytes += call.bytes();
    itemsByCaller.merge(call.caller(), call.size(), Integer::sum);
    call.queued(true);
    return new Offer(true, evicted);
  }

  private boolean fits(int moreItems, long moreBytes, int freedItems, long freedBytes) {
    int left = items - freedItems;
    int most = left == 0 ? maxItems : length;
    return left + moreItems <= most && bytes - freedBytes + moreBytes <= maxBytes;
  }

  /** The newest calls of greedier callers that must go; empty when that would not help. */
  private List<PendingCall> toEvictFor(PendingCall call) {
    Map<Object, Integer> held = new HashMap<>(itemsByCaller);
    int own = held.getOrDefault(call.caller(), 0) + call.size();
    List<PendingCall> victims = new ArrayList<>();
    int freedItems = 0;
    long freedBytes = 0;
    while (!fits(call.size(), call.bytes(), freedItems, freedBytes)) {
      PendingCall victim = null;
      int most = own;
      for (Map.Entry<Object, Integer> entry : held.entrySet()) {
        if (entry.getValue() > most && !entry.getKey().equals(call.caller())) {
          PendingCall newest = newestUnstarted(entry.getKey(), victims);
          if (newest != null) {
            victim = newest;
            most = entry.getValue();
          }
        }
      }
      if (victim == null) {
        return List.of();
      }
      victims.add(victim);
      held.merge(victim.caller(), -victim.size(), Integer::sum);
      freedItems += victim.size();
      freedBytes += victim.bytes();
    }
    return victims;
  }

  private PendingCall newestUnstarted(Object caller, List<PendingCall> except) {
    Iterator<Line> newestFirst = lines.descendingIterator();
    while (newestFirst.hasNext()) {
      CallerLine callerLine = newestFirst.next().byCaller.get(caller);
      PendingCall newest = null;
      if (callerLine != null) {
        for (PendingCall call : callerLine.calls) {
          if (!call.started() && !except.contains(call)) {
            newest = call;
          }
        }
      }
      if (newest != null) {
        return newest;
      }
    }
    return null;
  }

  /** Frees the place of a call, if it still has one. */
  void remove(PendingCall call) {
    if (!call.queued()) {
      return;
    }
    call.queued(false);
    for (Line line : lines) {
      if (line.generation == call.generation()) {
        line.remove(call);
      }
    }
    uncount(call, call.waiting(), call.waitingBytes());
  }

  private void uncount(PendingCall call, int itemCount, long byteCount) {
    items -= itemCount;
    bytes -= byteCount;
    itemsByCaller.computeIfPresent(
        call.caller(), (c, n) -> n - itemCount > 0 ? n - itemCount : null);
  }

  /** How many images the next batch could hold. */
  int available() {
    Line line = firstLine();
    return line == null ? 0 : line.items;
  }

  /**
   * When the oldest generation's first image began to wait, of the callers' clock; only with
   * something {@link #available()}.
   */
  long waitingSinceNanos() {
    return firstLine().waitingSinceNanos;
  }

  /**
   * Whether nobody can join the next batch any more, since newer calls go to a newer generation.
   */
  boolean nextBatchIsClosed() {
    return lines.size() > 1 && lines.peekLast().items > 0;
  }

  /** Takes at most {@code max} images of one generation; drops what expired or is over. */
  Batch poll(int max, long nowNanos) {
    Line line = firstLine();
    List<Slot> slots = new ArrayList<>(max);
    List<PendingCall> expired = new ArrayList<>();
    while (line.items > 0 && slots.size() < max) {
      CallerLine callerLine = line.turns.pollFirst();
      PendingCall call = callerLine.calls.isEmpty() ? null : callerLine.calls.iterator().next();
      if (call == null) {
        line.byCaller.remove(callerLine.caller);
        continue;
      }
      if (call.isOver() || call.expired(nowNanos)) {
        line.turns.addFirst(callerLine);
        remove(call);
        if (!call.isOver()) {
          expired.add(call);
        }
        continue;
      }
      long each = call.bytes() / call.size();
      slots.add(new Slot(call, call.takeNext()));
      line.items--;
      uncount(call, 1, each);
      if (call.waiting() == 0) {
        callerLine.calls.remove(call);
        call.queued(false);
      }
      if (callerLine.calls.isEmpty()) {
        line.byCaller.remove(callerLine.caller);
      } else {
        line.turns.addLast(callerLine);
      }
    }
    line.forgetEmptyCallers();
    return new Batch(line.generation, slots, expired);
  }

  /** Everything that still waits, removed. */
  List<PendingCall> clear() {
    List<PendingCall> all = new ArrayList<>();
    for (Line line : lines) {
      line.byCaller.values().forEach(callerLine -> all.addAll(callerLine.calls));
    }
    all.forEach(this::remove);
    lines.clear();
    return all;
  }

  private Line firstLine() {
    while (!lines.isEmpty() && lines.peekFirst().items == 0) {
      lines.removeFirst();
    }
    return lines.peekFirst();
  }

  private Line lineOf(Generation generation) {
    for (Line line : lines) {
      if (line.generation == generation) {
        return line;
      }
    }
    Line line = new Line(generation);
    lines.addLast(line);
    return line;
  }

  /** The waiting calls of one generation. */
  private static final class Line {
    private final Generation generation;
    private final Map<Object, CallerLine> byCaller = new HashMap<>();
    private final Deque<CallerLine> turns = new ArrayDeque<>();
    private int items;
    private long waitingSinceNanos;

    Line(Generation generation) {
      this.generation = generation;
    }

    void add(PendingCall call) {
      if (items == 0) {
        waitingSinceNanos = call.enqueuedNanos();
      }
      CallerLine line = byCaller.get(call.caller());
      if (line == null) {
        line = new CallerLine(call.caller());
        byCaller.put(call.caller(), line);
        turns.addLast(line);
      }
      line.calls.add(call);
      items += call.size();
    }

    void remove(PendingCall call) {
      CallerLine line = byCaller.get(call.caller());
      if (line != null && line.calls.remove(call)) {
        items -= call.waiting();
      }
      forgetEmptyCallers();
    }

    void forgetEmptyCallers() {
      if (items == 0) {
        byCaller.clear();
        turns.clear();
      }
    }
  }

  /** One caller's calls, oldest first. */
  private static final class CallerLine {
    private final Object caller;
    private final LinkedHashSet<PendingCall> calls = new LinkedHashSet<>();

    CallerLine(Object caller) {
      this.caller = caller;
    }
  }
}
