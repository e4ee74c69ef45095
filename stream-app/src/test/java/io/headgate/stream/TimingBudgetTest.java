package io.headgate.stream;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatCode;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.headgate.claimcheck.ClaimRules;
import io.headgate.claimcheck.UriPrefix;
import io.headgate.client.Backoff;
import io.headgate.console.UserException;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class TimingBudgetTest {
  @Test
  void holdsWithTheDefaults() {
    assertThatCode(() -> GuardApp.configure(config().build())).doesNotThrowAnyException();
  }

  @Test
  void holdsWithTheDefaultsAndReferences() {
    ClaimRules claims =
        ClaimRules.allow(List.of(UriPrefix.parse("https://images.test")), List.of(), List.of());

    assertThatCode(() -> GuardApp.configure(config().claims(claims).build()))
        .doesNotThrowAnyException();
  }

  @Test
  void countsAttemptsDeadlinesBackoffsAndDecoding() {
    GuardConfig config = config().timing(timing(Duration.ofSeconds(5), 3, "60s", "15m")).build();
    Duration decode = config.imageLimits().decodeDeadline();

    TimingBudget budget = config.timingBudget();

    // backoffs of at most 1 s and 2 s, and a second in the queue
    assertThat(budget.judge()).isEqualTo(decode.plusSeconds(1 + 3 * 5 + 1 + 2));
    assertThat(budget.claim()).isZero();
    assertThat(budget.transaction()).isEqualTo(budget.judge().plusMillis(100));
  }

  @Test
  void refusesATransactionTimeoutBelowWhatOneRecordMayTake() {
    GuardConfig config = config().timing(timing(Duration.ofSeconds(20), 3, "60s", "15m")).build();

    assertThatThrownBy(() -> GuardApp.configure(config))
        .isInstanceOf(UserException.class)
        .hasMessageContaining("transaction.timeout.ms is 60 s")
        .hasMessageContaining("--transaction-timeout")
        .hasMessageContaining("--deadline");
  }

  @Test
  void refusesAPollIntervalBelowWhatOneRecordMayTake() {
    GuardConfig config = config().timing(timing(Duration.ofSeconds(5), 3, "60s", "10s")).build();

    assertThatThrownBy(() -> GuardApp.configure(config))
        .isInstanceOf(UserException.class)
        .hasMessageContaining("max.poll.interval.ms is 10 s")
        .hasMessageNotContaining("transaction.timeout.ms is");
  }

  @Test
  void refusesAnOutagePolicyThatWouldComeTooLate() {
    GuardConfig.Builder late = config().timing(timing(Duration.ofSeconds(1), 1, "60s", "65s"));

    assertThatCode(() -> GuardApp.configure(late.build())).doesNotThrowAnyException();
    assertThatThrownBy(() -> GuardApp.configure(late.outagePolicy(OutagePolicy.QUARANTINE).build()))
        .isInstanceOf(UserException.class)
        .hasMessageContaining("outage policy")
        .hasMessageContaining("--outage-after");
  }

  @Test
  void judgesByWhatKafkaWillReallyUse() {
    GuardConfig config = config().kafka(Map.of("producer.transaction.timeout.ms", "10000")).build();

    assertThatThrownBy(() -> GuardApp.configure(config))
        .hasMessageContaining("transaction.timeout.ms is 10 s");
  }

  @Test
  void namesASettingThatIsNoNumber() {
    GuardConfig config = config().kafka(Map.of("commit.interval.ms", "soon")).build();

    assertThatThrownBy(() -> GuardApp.configure(config))
        .isInstanceOf(UserException.class)
        .hasMessageContaining("commit.interval.ms: soon (expected: milliseconds)");
  }

  private static GuardConfig.Builder config() {
    return GuardConfig.builder("unused:9092", "mock://timing", "unused:7860");
  }

  private static Timing timing(
      Duration deadline, int attempts, String transaction, String maxPoll) {
    return new Timing(
        Duration.ofMillis(2),
        Duration.ofMillis(20),
        deadline,
        attempts,
        new Backoff(Duration.ofSeconds(1), Duration.ofSeconds(10)),
        Duration.ofMillis(100),
        Duration.parse("PT" + transaction.toUpperCase(java.util.Locale.ROOT)),
        Duration.parse("PT" + maxPoll.toUpperCase(java.util.Locale.ROOT)),
        Duration.ofSeconds(60),
        Duration.ofSeconds(20));
  }
}
