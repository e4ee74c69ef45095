package io.headgate.command.calibrate;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class MomentTest {
  private static final Instant NOW = Instant.parse("2026-05-10T12:00:00Z");

  @ParameterizedTest
  @CsvSource({
    "2026-05-01T08:30:00Z, 2026-05-01T08:30:00Z",
    "2026-05-01T08:30:00+02:00, 2026-05-01T06:30:00Z",
    "2026-05-01T08:30, 2026-05-01T08:30:00Z",
    "2026-05-01, 2026-05-01T00:00:00Z",
    "24h, 2026-05-09T12:00:00Z",
    "-24h, 2026-05-09T12:00:00Z",
    "7d, 2026-05-03T12:00:00Z",
    "PT30M, 2026-05-10T11:30:00Z",
  })
  void understandsTimesDaysAndHowLongAgo(String text, Instant time) {
    assertThat(Moment.parse(text, NOW).time()).hasValue(time);
  }

  @Test
  void understandsTheEndsOfATopic() {
    assertThat(Moment.parse("earliest", NOW)).isEqualTo(Moment.EARLIEST);
    assertThat(Moment.parse("Latest", NOW)).isEqualTo(Moment.LATEST);
    assertThat(Moment.parse("now", NOW)).isEqualTo(Moment.LATEST);
  }

  @Test
  void teachesTheFormsWhenThereIsNone() {
    assertThatThrownBy(() -> Moment.parse("yesterday", NOW))
        .hasMessageContainingAll("'yesterday'", "2026-05-01", "24h", "earliest");
  }
}
