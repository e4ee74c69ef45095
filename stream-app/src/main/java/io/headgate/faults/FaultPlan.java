package io.headgate.faults;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;

/**
 * What goes wrong, in which order, with which pauses: a pure function of the seed.
 *
 * @param steps in order
 */
record FaultPlan(List<Step> steps) {
  private static final int KILLS_OF_REGISTRY_AWAY = 3;

  /** As often as their share of this deck says: the guards most, they hold the transactions. */
  private static final List<Target> DECK =
      List.of(
          Target.GUARD_1,
          Target.GUARD_2,
          Target.BROKER,
          Target.SERVICE,
          Target.GUARD_1,
          Target.GUARD_2,
          Target.BROKER,
          Target.REGISTRY);

  /**
   * @param lead between the step's events are submitted and its fault
   * @param gap after the fault
   */
  record Step(Duration lead, Fault fault, Duration gap) {}

  FaultPlan {
    steps = List.copyOf(steps);
  }

  /**
   * @param kills number of SIGKILLs, at least 4
   * @param diskFull whether the broker's disk can be filled
   */
  static FaultPlan of(long seed, int kills, boolean diskFull) {
    Random random = new Random(seed);
    List<Fault> faults = new ArrayList<>();
    int outages = Math.max(1, kills / 20);
    for (int i = 0; i < outages; i++) {
      faults.add(new Fault.RegistryAway(between(random, 4, 12)));
    }
    List<Target> deck = new ArrayList<>();
    for (int i = 0; i < kills - KILLS_OF_REGISTRY_AWAY * outages; i++) {
      faults.add(kill(draw(deck, random), random));
    }
    for (int i = 0; i < share(kills, 3); i++) {
      faults.add(freeze(draw(deck, random), random));
    }
    for (int i = 0; i < share(kills, 8); i++) {
      Target guard = Target.GUARDS.get(random.nextInt(Target.GUARDS.size()));
      faults.add(new Fault.Restart(guard, between(random, 0, 2)));
    }
    for (int i = 0; i < share(kills, 10); i++) {
      faults.add(new Fault.Join(between(random, 8, 15)));
      faults.add(new Fault.Slow(between(random, 2, 6)));
    }
    for (int i = 0; diskFull && i < share(kills, 20); i++) {
      faults.add(new Fault.DiskFull(between(random, 2, 5)));
    }
    Collections.shuffle(faults, random);
    List<Step> steps = new ArrayList<>(faults.size());
    for (Fault fault : faults) {
      steps.add(new Step(between(random, 0, 0.8), fault, between(random, 0.5, 6)));
    }
    return new FaultPlan(steps);
  }

  private static int share(int kills, int divisor) {
    return Math.max(1, kills / divisor);
  }

  private static Target draw(List<Target> deck, Random random) {
    if (deck.isEmpty()) {
      deck.addAll(DECK);
      Collections.shuffle(deck, random);
    }
    return deck.remove(deck.size() - 1);
  }

  private static Fault kill(Target target, Random random) {
    // now and then the service stays away for longer than a call and its repetitions take
    boolean outage = target == Target.SERVICE && random.nextInt(3) == 0;
    return new Fault.Kill(target, outage ? between(random, 8, 20) : between(random, 0, 4));
  }

  private static Fault freeze(Target target, Random random) {
    if (target != Target.GUARD_1 && target != Target.GUARD_2) {
      return new Fault.Freeze(target, between(random, 1, 6));
    }
    // short of the session's timeout, past it, and past the transaction's: a zombie
    return switch (random.nextInt(3)) {
      case 0 -> new Fault.Freeze(target, between(random, 1, 4));
      case 1 -> new Fault.Freeze(target, between(random, 8, 12));
      default -> new Fault.Freeze(target, between(random, 24, 28));
    };
  }

  private static Duration between(Random random, double least, double most) {
    return Duration.ofMillis((long) (1000 * (least + (most - least) * random.nextDouble())));
  }

  /** SIGKILLs that all of this sends. */
  int kills() {
    int kills = 0;
    for (Step step : steps) {
      if (step.fault() instanceof Fault.Kill) {
        kills++;
      } else if (step.fault() instanceof Fault.RegistryAway) {
        kills += KILLS_OF_REGISTRY_AWAY;
      }
    }
    return kills;
  }
}
