package io.headgate.demo;

import io.headgate.samples.Sample;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.UUID;

/**
 * The events of one attack in the order of their submission: shuffled, under ids that give nothing
 * away.
 *
 * @param events sample by id, in order
 */
record Plan(Map<String, Sample> events) {
  Plan {
    events = Collections.unmodifiableMap(new LinkedHashMap<>(events));
  }

  /**
   * Takes each corrupt sample once (but at most {@code count} / 20 of them) and clean and triggered
   * ones in equal parts. With fewer samples than events samples are used again, under fresh ids.
   *
   * @param count number of events, at least 1
   */
  static Plan of(
      int count, List<Sample> clean, List<Sample> triggered, List<Sample> corrupt, Random random) {
    int broken = Math.min(corrupt.size(), count / 20);
    int attacked = (count - broken) / 2;
    List<Sample> samples = new ArrayList<>(count);
    samples.addAll(corrupt.subList(0, broken));
    samples.addAll(take(attacked, triggered, random));
    samples.addAll(take(count - broken - attacked, clean, random));
    Collections.shuffle(samples, random);
    Map<String, Sample> events = new LinkedHashMap<>();
    for (Sample sample : samples) {
      events.put(new UUID(random.nextLong(), random.nextLong()).toString(), sample);
    }
    return new Plan(events);
  }

  /** Each sample as often as any other, but for the remainder. */
  private static List<Sample> take(int count, List<Sample> from, Random random) {
    List<Sample> taken = new ArrayList<>(count);
    List<Sample> round = new ArrayList<>(from);
    while (taken.size() < count) {
      Collections.shuffle(round, random);
      taken.addAll(round.subList(0, Math.min(round.size(), count - taken.size())));
    }
    return taken;
  }
}
