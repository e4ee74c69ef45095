package io.headgate.client;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class BackoffTest {
  private final Backoff backoff = new Backoff(Duration.ofMillis(50), Duration.ofSeconds(2));

  @Test
  void doublesUpToItsCap() {
    assertThat(backoff.longest(0)).isEqualTo(Duration.ofMillis(50));
    assertThat(backoff.longest(1)).isEqualTo(Duration.ofMillis(100));
    assertThat(backoff.longest(5)).isEqualTo(Duration.ofMillis(1600));
    assertThat(backoff.longest(6)).isEqualTo(Duration.ofSeconds(2));
    assertThat(backoff.longest(Integer.MAX_VALUE)).isEqualTo(Duration.ofSeconds(2));
  }

  @Test
  void waitsBetweenHalfAndAllOfTheLongest() {
    SplittableRandom random = new SplittableRandom(1);
    for (int i = 0; i < 10_000; i++) {
      int attempt = random.nextInt(20);
      Duration longest = backoff.longest(attempt);

      assertThat(backoff.delay(attempt, random)).isBetween(longest.dividedBy(2), longest);
    }
  }

  @Test
  void spreadsItsWaits() {
    SplittableRandom random = new SplittableRandom(1);
    double mean = 0;
    for (int i = 0; i < 10_000; i++) {
      mean += backoff.delay(6, random).toNanos() / 1e9 / 10_000;
    }

    assertThat(mean).isBetween(1.45, 1.55);
  }

  @Test
  void refusesACapBelowItsStart() {
    assertThatThrownBy(() -> new Backoff(Duration.ofSeconds(2), Duration.ofSeconds(1)))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("cap");
  }
}
