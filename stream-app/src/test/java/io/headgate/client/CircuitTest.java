package io.headgate.client;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.protobuf.Any;
import com.google.rpc.Code;
import com.google.rpc.RetryInfo;
import io.grpc.Status;
import io.grpc.protobuf.StatusProto;
import java.time.Duration;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class CircuitTest {
  private static final CallFailure AWAY = CallFailure.of(Status.UNAVAILABLE.asException());
  private static final Duration CAP = Duration.ofSeconds(2);

  private final Circuit circuit =
      new Circuit(new Backoff(Duration.ofMillis(100), CAP), new SplittableRandom(1));

  @Test
  void letsOneCallTryAfterAFailureAndAllAfterASuccess() {
    assertThat(circuit.callsAllowed(4)).isEqualTo(4);

    circuit.failed(AWAY);
    assertThat(circuit.callsAllowed(4)).isZero();

    circuit.halfOpen();
    assertThat(circuit.callsAllowed(4)).isEqualTo(1);

    assertThat(circuit.succeeded()).isTrue();
    assertThat(circuit.callsAllowed(4)).isEqualTo(4);
    assertThat(circuit.succeeded()).isFalse();
  }

  @Test
  void opensForLongerWithEveryFailureUpToItsCap() {
    Duration longest = Duration.ZERO;
    for (int failure = 0; failure < 12; failure++) {
      Duration wait = circuit.failed(AWAY).orElseThrow();
      assertThat(wait).isLessThanOrEqualTo(CAP);
      longest = wait.compareTo(longest) > 0 ? wait : longest;
      circuit.halfOpen();
    }
    assertThat(longest).isGreaterThanOrEqualTo(CAP.dividedBy(2));
  }

  @Test
  void waitsOnceForCallsThatFailTogether() {
    assertThat(circuit.failed(AWAY)).isPresent();
    assertThat(circuit.failed(AWAY)).isEmpty();
  }

  @Test
  void staysClosedWhenACallUnderWaySucceededMeanwhile() {
    circuit.failed(AWAY);
    circuit.succeeded();

    circuit.halfOpen();

    assertThat(circuit.state()).isEqualTo(Circuit.State.CLOSED);
  }

  @Test
  void takesOnlyAServiceThatIsNotThereForAnOutage() {
    circuit.failed(CallFailure.of(Status.RESOURCE_EXHAUSTED.asException()));
    assertThat(circuit.outage()).isEmpty();

    circuit.halfOpen();
    circuit.failed(AWAY);
    assertThat(circuit.outage()).isPresent();

    circuit.succeeded();
    assertThat(circuit.outage()).isEmpty();
  }

  @Test
  void comesBackWhenTheServiceSaysButNotLaterThanItsCap() {
    assertThat(circuit.failed(askingFor(1))).contains(Duration.ofSeconds(1));
    circuit.succeeded();
    assertThat(circuit.failed(askingFor(3600))).contains(CAP);
  }

  private static CallFailure askingFor(long seconds) {
    RetryInfo info =
        RetryInfo.newBuilder()
            .setRetryDelay(com.google.protobuf.Duration.newBuilder().setSeconds(seconds))
            .build();
    return CallFailure.of(
        StatusProto.toStatusException(
            com.google.rpc.Status.newBuilder()
                .setCode(Code.RESOURCE_EXHAUSTED_VALUE)
                .addDetails(Any.pack(info))
                .build()));
  }
}
