package io.headgate.stream;

import java.util.EnumMap;
import java.util.Map;

/**
 * The largest record that each output takes: the lesser of the topic's {@code max.message.bytes}
 * and the producer's {@code max.request.size}.
 */
record RecordLimits(Map<Route, Long> bytes) {
  RecordLimits {
    for (Route route : Route.values()) {
      if (!bytes.containsKey(route)) {
        throw new IllegalArgumentException("record limits: none for " + route);
      }
    }
    bytes = Map.copyOf(bytes);
  }

  static RecordLimits same(long bytes) {
    Map<Route, Long> all = new EnumMap<>(Route.class);
    for (Route route : Route.values()) {
      all.put(route, bytes);
    }
    return new RecordLimits(all);
  }

  long of(Route route) {
    return bytes.get(route);
  }
}
