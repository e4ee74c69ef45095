package io.headgate.serving;

import java.util.ArrayList;
import java.util.Collection;
import java.util.Comparator;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.NavigableMap;
import java.util.Optional;
import java.util.TreeMap;

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

  /** What waits, the oldest generation first; a line goes when its last image does. */
  private final NavigableMap<Generation, Line> lines =
      new TreeMap<>(Comparator.comparingLong(Generation::number));

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
    lines.computeIfAbsent(call.generation(), generation -> new Line()).add(call);
    items += call.size();
    bytes += call.bytes();
    itemsByCaller.merge(call.caller(), call.size(), Integer::sum);
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
          Optional<PendingCall> newest = newestUnstarted(entry.getKey(), victims);
          if (newest.isPresent()) {
            victim = newest.get();
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

  private Optional<PendingCall> newestUnstarted(Object caller, List<PendingCall> except) {
    for (Line newestFirst : lines.descendingMap().values()) {
      Optional<PendingCall> newest =
          newestFirst.of(caller).stream()
              .filter(call -> !call.started() && !except.contains(call))
              .reduce((older, newer) -> newer);
      if (newest.isPresent()) {
        return newest;
      }
    }
    return Optional.empty();
  }

  /** Frees the place of a call, if it still has one. */
  void remove(PendingCall call) {
    Line line = lines.get(call.generation());
    if (line != null && line.remove(call)) {
      freed(line, call, call.waiting());
    }
  }

  private void freed(Line line, PendingCall call, int count) {
    line.items -= count;
    if (line.items == 0) {
      lines.remove(call.generation());
    }
    items -= count;
    bytes -= count * call.imageBytes();
    itemsByCaller.computeIfPresent(call.caller(), (c, n) -> n > count ? n - count : null);
  }

  /** How many images the next batch could hold. */
  int available() {
    return lines.isEmpty() ? 0 : first().items;
  }

  /**
   * Since when the oldest call of the next batch waits, of the callers' clock; only with something
   * {@link #available()}.
   */
  long waitingSinceNanos() {
    return first().arrivals.iterator().next().enqueuedNanos();
  }

  /** Whether nobody can join the next batch any more, since calls go to a newer generation. */
  boolean nextBatchIsClosed() {
    return lines.size() > 1;
  }

  private Line first() {
    return lines.firstEntry().getValue();
  }

  /**
   * Takes at most {@code max} images of one generation; drops what expired or is over. Only with
   * something {@link #available()}.
   */
  Batch poll(int max, long nowNanos) {
    Generation generation = lines.firstKey();
    Line line = first();
    List<Slot> slots = new ArrayList<>(max);
    List<PendingCall> expired = new ArrayList<>();
    while (line.items > 0 && slots.size() < max) {
      PendingCall call = line.next();
      if (call.isOver() || call.expired(nowNanos)) {
        remove(call);
        if (!call.isOver()) {
          expired.add(call);
        }
        continue;
      }
      slots.add(new Slot(call, call.takeNext()));
      line.endTurn(call.caller());
      if (call.waiting() == 0) {
        line.remove(call);
      }
      freed(line, call, 1);
    }
    return new Batch(generation, slots, expired);
  }

  /** Everything that still waits, removed. */
  List<PendingCall> clear() {
    List<PendingCall> all = new ArrayList<>();
    lines.values().forEach(line -> all.addAll(line.arrivals));
    all.forEach(this::remove);
    return all;
  }

  /** The waiting calls of one generation. */
  private static final class Line {
    /** Oldest first. */
    private final LinkedHashSet<PendingCall> arrivals = new LinkedHashSet<>();

    /** By caller, whose turn it is first; each one's oldest first, and never none. */
    private final LinkedHashMap<Object, LinkedHashSet<PendingCall>> turns = new LinkedHashMap<>();

    private int items;

    void add(PendingCall call) {
      arrivals.add(call);
      turns.computeIfAbsent(call.caller(), caller -> new LinkedHashSet<>()).add(call);
      items += call.size();
    }

    boolean remove(PendingCall call) {
      LinkedHashSet<PendingCall> own = turns.get(call.caller());
      if (own != null && own.remove(call) && own.isEmpty()) {
        turns.remove(call.caller());
      }
      return arrivals.remove(call);
    }

    /** The oldest call of the caller whose turn it is. */
    PendingCall next() {
      return turns.values().iterator().next().iterator().next();
    }

    void endTurn(Object caller) {
      turns.put(caller, turns.remove(caller));
    }

    /** The calls of a caller, oldest first. */
    Collection<PendingCall> of(Object caller) {
      LinkedHashSet<PendingCall> own = turns.get(caller);
      return own == null ? List.of() : own;
    }
  }
}
