package io.headgate.stream;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

class AdmissionTest {
  private final List<Case> begun = new ArrayList<>();
  private final Admission admission = new Admission(2, begun::add);
  private final Case a = new Case("topic", new byte[0]);
  private final Case b = new Case("topic", new byte[0]);
  private final Case c = new Case("topic", new byte[0]);
  private final Case d = new Case("topic", new byte[0]);

  @Test
  void beginsNoMoreThanItsLimitAndTheRestInOrder() {
    enterAll();
    assertThat(begun).containsExactly(a, b);
    assertThat(admission.pending()).isEqualTo(4);

    finish(b);
    assertThat(begun).containsExactly(a, b, c);

    finish(a);
    finish(c);
    finish(d);
    assertThat(begun).containsExactly(a, b, c, d);
    assertThat(admission.pending()).isZero();
  }

  @Test
  void beginsACaseThatIsAwaitedAtOnceAndOnce() {
    enterAll();

    admission.start(d);
    assertThat(begun).containsExactly(a, b, d);

    admission.start(d);
    finish(a); // three were running: there is no room yet
    assertThat(begun).containsExactly(a, b, d);

    finish(b);
    assertThat(begun).containsExactly(a, b, d, c);
  }

  @Test
  void passesOverCasesThatWereAbandonedWhileTheyWaited() {
    enterAll();
    c.abandon();

    finish(a);

    assertThat(begun).containsExactly(a, b, d);
  }

  @Test
  void makesRoomWhenACaseAtWorkIsAbandoned() {
    enterAll();

    a.abandon();

    assertThat(begun).containsExactly(a, b, c);
  }

  @Test
  void beginsNothingMoreAfterItsEnd() {
    enterAll();

    admission.end();
    finish(a);

    assertThat(begun).containsExactly(a, b);
    assertThat(admission.running()).containsExactly(b);
  }

  @Test
  void countsNeitherWhatWasAbandonedNorAnythingTwice() {
    enterAll();

    admission.start(d);
    c.abandon();

    assertThat(admission.pending()).isEqualTo(3);
  }

  private void enterAll() {
    List.of(a, b, c, d).forEach(admission::enter);
  }

  private static void finish(Case one) {
    one.outcome.complete(
        new Outcome.Refused(DeadLetterCode.NULL_VALUE, new IllegalStateException("done")));
  }
}
