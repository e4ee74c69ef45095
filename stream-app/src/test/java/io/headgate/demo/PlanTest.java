package io.headgate.demo;

import static org.assertj.core.api.Assertions.assertThat;

import io.headgate.samples.CorruptSamples;
import io.headgate.samples.Sample;
import io.headgate.samples.Truth;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class PlanTest {
  private static final List<Sample> CORRUPT = CorruptSamples.all(new byte[] {1, 2, 3, 4});

  @Test
  void halfOfTheSoundEventsAreTriggeredAndAHandfulIsCorrupt() {
    Plan plan = plan(600);

    assertThat(plan.events()).hasSize(600);
    assertThat(count(plan, Truth.CORRUPT)).isEqualTo(6);
    assertThat(count(plan, Truth.TRIGGERED)).isEqualTo(297);
    assertThat(count(plan, Truth.CLEAN)).isEqualTo(297);
  }

  @Test
  void imagesAreUsedAgainUnderFreshIdsAboutEquallyOften() {
    Plan plan = plan(1006);

    Map<String, Integer> uses = new HashMap<>();
    plan.events().values().stream()
        .filter(s -> s.truth() == Truth.CLEAN)
        .forEach(s -> uses.merge(s.name(), 1, Integer::sum));
    assertThat(uses.values()).allSatisfy(n -> assertThat(n).isBetween(12, 13));
  }

  @Test
  void idsGiveNothingAwayAndOrderIsShuffled() {
    Plan plan = plan(400);

    List<Truth> order = plan.events().values().stream().map(Sample::truth).toList();
    assertThat(plan.events().keySet()).allMatch(id -> id.matches("[0-9a-f-]{36}"));
    assertThat(order.subList(0, 200)).contains(Truth.CLEAN, Truth.TRIGGERED);
    assertThat(order.subList(200, 400)).contains(Truth.CLEAN, Truth.TRIGGERED);
  }

  @Test
  void theSameSeedMakesTheSamePlan() {
    assertThat(plan(50)).isEqualTo(plan(50));
  }

  @Test
  void fewEventsCarryNoCorruptOnes() {
    assertThat(count(plan(3), Truth.CORRUPT)).isZero();
    assertThat(plan(1).events()).hasSize(1);
  }

  private static Plan plan(int events) {
    return Plan.of(
        events, samples(Truth.CLEAN, 40), samples(Truth.TRIGGERED, 30), CORRUPT, new Random(1));
  }

  private static List<Sample> samples(Truth truth, int count) {
    return new ArrayList<>(
        IntStream.range(0, count)
            .mapToObj(i -> new Sample(truth, "lemon", truth + "/" + i, BYTES, false))
            .toList());
  }

  private static final byte[] BYTES = {7};

  private static long count(Plan plan, Truth truth) {
    return plan.events().values().stream().filter(s -> s.truth() == truth).count();
  }
}
