package io.headgate.demo;

import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.concurrent.Callable;

/**
 * Where the time went, by phase in the order of their first start. Used by one thread, but for
 * phases that others measured.
 */
final class Stopwatch {
  private final Map<String, Duration> phases = new LinkedHashMap<>();

  <T> T time(String phase, Callable<T> work) throws Exception {
    long start = System.nanoTime();
    try {
      return work.call();
    } finally {
      add(phase, Duration.ofNanos(System.nanoTime() - start));
    }
  }

  synchronized void add(String phase, Duration duration) {
    phases.merge(phase, duration, Duration::plus);
  }

  synchronized Map<String, Duration> phases() {
    return new LinkedHashMap<>(phases);
  }
}
