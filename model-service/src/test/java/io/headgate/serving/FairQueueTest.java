package io.headgate.serving;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

class FairQueueTest {
  private static final int IMAGE_BYTES = FakeEngine.SIDE * FakeEngine.SIDE * 3;
  private final Generation generation = new Generation(1, FakeEngine.create());
  private final FairQueue queue = new FairQueue(10, 10 * IMAGE_BYTES);

  @Test
  void callersTakeTurnsImageByImage() {
    PendingCall greedy = offer("greedy", 6);
    PendingCall modest = offer("modest", 1);
    PendingCall other = offer("other", 2);

    FairQueue.Batch batch = queue.poll(5, 0);

    assertThat(batch.slots())
        .extracting(FairQueue.Slot::call)
        .containsExactly(greedy, modest, other, greedy, other);
  }

  @Test
  void handsOutTheImagesOfOneCallInOrder() {
    offer("a", 3);
    offer("a", 2);

    assertThat(queue.poll(10, 0).slots())
        .extracting(FairQueue.Slot::index)
        .containsExactly(0, 1, 2, 0, 1);
  }

  @Test
  void refusesWhatDoesNotFitInItems() {
    offer("a", 9);

    FairQueue.Offer offer = queue.offer(call("a", 2));

    assertThat(offer.accepted()).isFalse();
    assertThat(queue.items()).isEqualTo(9);
  }

  @Test
  void aShortenedQueueStillTakesALargeCallWhenNothingElseWaits() {
    FairQueue queue = new FairQueue(10, 1000);
    queue.shorten(3);

    assertThat(queue.offer(call("a", 8)).accepted()).isTrue();
    assertThat(queue.offer(call("a", 1)).accepted()).isFalse();
    queue.poll(6, 0);
    assertThat(queue.offer(call("b", 1)).accepted()).isTrue();
    assertThat(queue.offer(call("c", 1)).accepted()).isFalse();
    queue.shorten(100);
    assertThat(queue.offer(call("c", 8)).accepted()).isFalse();
    assertThat(queue.offer(call("c", 7)).accepted()).isTrue();
  }

  @Test
  void refusesWhatDoesNotFitInBytes() {
    FairQueue small = new FairQueue(10, 2 * IMAGE_BYTES);
    small.offer(call("a", 2));

    assertThat(small.offer(call("a", 1)).accepted()).isFalse();
    assertThat(small.bytes()).isEqualTo(2 * IMAGE_BYTES);
  }

  @Test
  void aCallerWithLessPushesOutTheNewestCallOfTheGreediest() {
    PendingCall older = offer("greedy", 5);
    PendingCall newest = offer("greedy", 5);
    PendingCall modest = call("modest", 2);

    FairQueue.Offer offer = queue.offer(modest);

    assertThat(offer.accepted()).isTrue();
    assertThat(offer.evicted()).containsExactly(newest);
    assertThat(queue.items()).isEqualTo(7);
    assertThat(queue.clear()).containsExactly(older, modest);
  }

  @Test
  void equalCallersDoNotPushEachOtherOut() {
    offer("a", 5);
    offer("b", 5);

    assertThat(queue.offer(call("a", 1)).accepted()).isFalse();
    assertThat(queue.offer(call("b", 1)).accepted()).isFalse();
    assertThat(queue.refuses("a", IMAGE_BYTES)).isTrue();
    assertThat(queue.refuses("newcomer", IMAGE_BYTES)).isFalse();
  }

  @Test
  void aCallThatHasBegunIsNotPushedOut() {
    offer("greedy", 10);
    queue.poll(1, 0);

    assertThat(queue.offer(call("modest", 2)).accepted()).isFalse();
  }

  @Test
  void freesThePlaceOfARemovedCall() {
    PendingCall gone = offer("a", 4);
    PendingCall stays = offer("a", 2);

    queue.remove(gone);

    assertThat(queue.items()).isEqualTo(2);
    assertThat(queue.bytes()).isEqualTo(2 * IMAGE_BYTES);
    assertThat(queue.poll(10, 0).slots())
        .extracting(FairQueue.Slot::call)
        .containsExactly(stays, stays);
  }

  @Test
  void dropsExpiredCallsInsteadOfHandingThemOut() {
    PendingCall late = new PendingCall("a", "test", generation, images(2), 0, 100);
    queue.offer(late);
    PendingCall punctual = offer("a", 1);

    FairQueue.Batch batch = queue.poll(10, 100);

    assertThat(batch.expired()).containsExactly(late);
    assertThat(batch.slots()).extracting(FairQueue.Slot::call).containsExactly(punctual);
    assertThat(queue.items()).isZero();
  }

  @Test
  void aBatchNeverMixesGenerationsAndTheOlderGoesFirst() {
    Generation newer = new Generation(2, FakeEngine.create());
    PendingCall old = offer("a", 2);
    PendingCall young = new PendingCall("b", "test", newer, images(2), 0, PendingCall.NO_DEADLINE);
    queue.offer(young);

    assertThat(queue.nextBatchIsClosed()).isTrue();
    FairQueue.Batch first = queue.poll(10, 0);
    FairQueue.Batch second = queue.poll(10, 0);

    assertThat(first.generation()).isSameAs(generation);
    assertThat(first.slots()).extracting(FairQueue.Slot::call).containsOnly(old);
    assertThat(second.generation()).isSameAs(newer);
    assertThat(second.slots()).extracting(FairQueue.Slot::call).containsOnly(young);
  }

  @Test
  void aLateCallOfAnOlderGenerationStillGoesFirst() {
    Generation newer = new Generation(2, FakeEngine.create());
    queue.offer(new PendingCall("a", "test", newer, images(2), 0, PendingCall.NO_DEADLINE));
    PendingCall late = offer("b", 1);

    FairQueue.Batch batch = queue.poll(10, 0);

    assertThat(batch.generation()).isSameAs(generation);
    assertThat(batch.slots()).extracting(FairQueue.Slot::call).containsExactly(late);
  }

  @Test
  void tellsSinceWhenTheOldestCallWaits() {
    PendingCall first = arrived("a", 10);
    arrived("b", 20);
    arrived("c", 30);

    assertThat(queue.waitingSinceNanos()).isEqualTo(10);
    queue.remove(first);
    assertThat(queue.waitingSinceNanos()).isEqualTo(20);
    queue.poll(1, 0);
    assertThat(queue.waitingSinceNanos()).isEqualTo(30);
  }

  private PendingCall arrived(String caller, long nanos) {
    PendingCall call =
        new PendingCall(caller, "test", generation, images(1), nanos, PendingCall.NO_DEADLINE);
    assertThat(queue.offer(call).accepted()).isTrue();
    return call;
  }

  @Test
  void countsStayExactOverARandomHistory() {
    Random random = new Random(5);
    for (int round = 0; round < 200; round++) {
      FairQueue tested = new FairQueue(20, 20 * IMAGE_BYTES);
      List<PendingCall> alive = new ArrayList<>();
      for (int step = 0; step < 60; step++) {
        int what = random.nextInt(4);
        if (what < 2) {
          PendingCall call = call("caller-" + random.nextInt(4), 1 + random.nextInt(6));
          FairQueue.Offer offer = tested.offer(call);
          alive.removeAll(offer.evicted());
          if (offer.accepted()) {
            alive.add(call);
          }
        } else if (what == 2 && !alive.isEmpty()) {
          PendingCall call = alive.remove(random.nextInt(alive.size()));
          tested.remove(call);
        } else if (tested.available() > 0) {
          tested.poll(1 + random.nextInt(5), 0);
        }
        alive.removeIf(call -> call.waiting() == 0);
        int expected = alive.stream().mapToInt(PendingCall::waiting).sum();
        assertThat(tested.items()).isEqualTo(expected).isBetween(0, 20);
        assertThat(tested.bytes()).isEqualTo((long) expected * IMAGE_BYTES);
        assertThat(tested.callers())
            .isEqualTo((int) alive.stream().map(PendingCall::caller).distinct().count());
      }
    }
  }

  private PendingCall offer(String caller, int images) {
    PendingCall call = call(caller, images);
    assertThat(queue.offer(call).accepted()).isTrue();
    return call;
  }

  private PendingCall call(String caller, int images) {
    return new PendingCall(caller, "test", generation, images(images), 0, PendingCall.NO_DEADLINE);
  }

  private static List<Question> images(int count) {
    return IntStream.range(0, count).mapToObj(FakeEngine::image).map(Question::of).toList();
  }
}
