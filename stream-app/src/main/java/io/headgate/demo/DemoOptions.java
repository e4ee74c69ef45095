package io.headgate.demo;

import io.headgate.samples.ReferenceSet;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * What is to be shown.
 *
 * @param reference models and images
 * @param model folder used for all attacks instead of the one that each attack has backdoored
 * @param attacks names, at least one
 * @param events number of events over all attacks, at least one each
 * @param brokerPort of the embedded broker; empty for any free one
 * @param seed of ids and order
 * @param keep folder for what is kept; empty for nothing
 */
record DemoOptions(
    ReferenceSet reference,
    Optional<Path> model,
    List<String> attacks,
    int events,
    Optional<Integer> brokerPort,
    long seed,
    Optional<Path> keep) {
  DemoOptions {
    attacks = List.copyOf(attacks);
  }

  Path modelFor(String attack) {
    return model.orElseGet(() -> reference.model(attack));
  }

  /** Events of each attack: equal parts, the first ones get the remainder. */
  int eventsOf(int attack) {
    int n = attacks.size();
    return events / n + (attack < events % n ? 1 : 0);
  }
}
