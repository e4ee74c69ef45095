package io.headgate.stream;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.OptionalLong;

/**
 * The last ids of one partition and where each was seen first. Memory only: a repetition is found
 * when the first is among the last {@code capacity} ids since the partition was assigned, and a
 * first occurrence is never taken for a repetition. One stream thread owns it.
 */
final class RecentIds {
  private final Map<String, Long> offsets;

  RecentIds(int capacity) {
    this.offsets =
        new LinkedHashMap<>() {
          private static final long serialVersionUID = 1L;

          @Override
          protected boolean removeEldestEntry(Map.Entry<String, Long> eldest) {
            return size() > capacity;
          }
        };
  }

  /** The offset of an earlier event with this id, if one is remembered; remembers this one. */
  OptionalLong earlier(String id, long offset) {
    Long first = offsets.putIfAbsent(id, offset);
    // at or after this offset: the same event read again after an abort
    if (first != null && first >= offset) {
      offsets.put(id, offset);
      return OptionalLong.empty();
    }
    return first == null ? OptionalLong.empty() : OptionalLong.of(first);
  }
}
