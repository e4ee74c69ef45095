package io.headgate.deadletters;

import java.time.Instant;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;

/**
 * Which dead letters are meant.
 *
 * @param codes any of these; empty for all
 * @param since not before
 * @param until before
 * @param partition of the dead-letter topic
 */
record DeadLetterFilter(
    Set<String> codes,
    Optional<Instant> since,
    Optional<Instant> until,
    Optional<Integer> partition)
    implements Predicate<DeadLetter> {
  DeadLetterFilter {
    codes = Set.copyOf(codes);
  }

  static DeadLetterFilter all() {
    return new DeadLetterFilter(Set.of(), Optional.empty(), Optional.empty(), Optional.empty());
  }

  @Override
  public boolean test(DeadLetter letter) {
    return (codes.isEmpty() || codes.contains(letter.code()))
        && since.map(t -> !letter.time().isBefore(t)).orElse(true)
        && until.map(t -> letter.time().isBefore(t)).orElse(true)
        && partition.map(p -> p == letter.partition()).orElse(true);
  }
}
