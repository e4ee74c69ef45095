package io.headgate.serving;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.concurrent.CancellationException;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class DynamicBatcherTest {
  private static final Duration LONG = Duration.ofSeconds(10);
  private static final Duration HOUR = Duration.ofHours(1);
  private final FakeEngine engine = FakeEngine.create();
  private final List<BatchListener.Rejection> rejections =
      Collections.synchronizedList(new ArrayList<>());
  private final BatchListener listener =
      new BatchListener() {
        @Override
        public void rejected(Rejection why) {
          rejections.add(why);
        }
      };
  private DynamicBatcher batcher;

  @AfterEach
  void close() {
    engine.release();
    batcher.close();
  }

  @Test
  void mergesSingleImagesOfManyCallersIntoOneBatch() throws Exception {
    start(config(8, LONG, 1, 100));

    List<PendingCall> calls = new ArrayList<>();
    for (int i = 0; i < 8; i++) {
      calls.add(submit("caller-" + i, i));
    }

    for (int i = 0; i < 8; i++) {
      assertThat(values(calls.get(i))).containsExactly(i);
    }
    assertThat(engine.batchSizes()).containsExactly(8);
  }

  @Test
  void runsAPartialBatchAfterTheLinger() throws Exception {
    start(config(8, Duration.ofMillis(5), 1, 100));

    assertThat(values(submit("a", 1, 2, 3))).containsExactly(1, 2, 3);
    assertThat(engine.batchSizes()).containsExactly(3);
  }

  @Test
  void splitsACallThatIsLargerThanABatch() throws Exception {
    start(config(4, Duration.ZERO, 1, 100));

    PendingCall call = submit("a", IntStream.range(0, 10).toArray());

    assertThat(values(call)).containsExactly(0, 1, 2, 3, 4, 5, 6, 7, 8, 9);
    assertThat(engine.batchSizes()).containsExactly(4, 4, 2);
  }

  @Test
  void idleLanesShareAPartialBatch() throws Exception {
    engine.hold();
    start(config(8, Duration.ofMillis(200), 2, 100));

    PendingCall call = submit("a", 1, 2, 3, 4, 5, 6);
    engine.awaitEntered();
    engine.awaitEntered();
    engine.release();

    assertThat(values(call)).containsExactly(1, 2, 3, 4, 5, 6);
    assertThat(engine.batchSizes()).containsExactly(3, 3);
  }

  @Test
  void padsBatchesToTheSizesOfTheDevice() throws Exception {
    start(new BatchingConfig(8, Duration.ofMillis(1), 1, 100, 1 << 20, HOUR, List.of(1, 2, 4, 8)));

    assertThat(values(submit("a", 1, 2, 3))).containsExactly(1, 2, 3);
    assertThat(engine.batchSizes()).containsExactly(4);
  }

  @Test
  void isolatesAnImageThatMakesTheForwardFail() throws Exception {
    engine.poison(66);
    start(config(8, LONG, 1, 100));

    PendingCall neighbours = submit("a", 1, 2, 3, 4);
    PendingCall poisoned = submit("b", 66, 5);
    PendingCall other = submit("c", 6, 7);

    assertThat(values(neighbours)).containsExactly(1, 2, 3, 4);
    assertThat(values(other)).containsExactly(6, 7);
    List<ItemOutcome> outcomes = poisoned.answer().get(10, TimeUnit.SECONDS);
    assertThat(outcomes.get(0))
        .isInstanceOfSatisfying(
            ItemOutcome.Failed.class,
            failed -> {
              assertThat(failed.code()).isEqualTo(ItemOutcome.Code.INFERENCE_FAILED);
              assertThat(failed.message()).contains("IllegalStateException");
            });
    assertThat(outcomes.get(1)).isInstanceOf(ItemOutcome.Done.class);
  }

  @Test
  void dropsExpiredWorkBeforeItReachesTheDevice() throws Exception {
    engine.hold();
    start(config(1, Duration.ZERO, 1, 100));
    PendingCall running = submit("a", 1);
    engine.awaitEntered();

    PendingCall late =
        batcher.submit(
            "a",
            "test",
            batcher.retainCurrent(),
            List.of(Question.of(FakeEngine.image(2))),
            System.nanoTime() + 1);
    engine.release();

    assertThat(values(running)).containsExactly(1);
    assertThatThrownBy(() -> late.answer().get(10, TimeUnit.SECONDS))
        .isInstanceOf(ExecutionException.class)
        .hasCauseInstanceOf(DeadlinePassedException.class);
    assertThat(engine.batchSizes()).containsExactly(1);
    assertThat(rejections).containsExactly(BatchListener.Rejection.DEADLINE);
  }

  @Test
  void refusesWithARetryHintWhenTheQueueIsFull() throws Exception {
    engine.hold();
    start(config(1, Duration.ZERO, 1, 2));
    PendingCall running = submit("a", 1);
    engine.awaitEntered();
    PendingCall waiting = submit("a", 2, 3);

    assertThatThrownBy(() -> submit("a", 4))
        .isInstanceOfSatisfying(
            CallRejectedException.class,
            e -> {
              assertThat(e.retryAfter()).isPositive();
              assertThat(e.isShuttingDown()).isFalse();
            });

    assertThat(rejections).containsExactly(BatchListener.Rejection.QUEUE_FULL);
    engine.release();
    assertThat(values(running)).containsExactly(1);
    assertThat(values(waiting)).containsExactly(2, 3);
  }

  @Test
  void holdsNoMoreWorkThanFitsInTheQueueTime() throws Exception {
    engine.slow(Duration.ofMillis(20).toNanos());
    start(new BatchingConfig(1, Duration.ZERO, 1, 100, 1 << 20, Duration.ofMillis(100), List.of()));
    assertThat(values(submit("a", 1))).containsExactly(1);
    engine.entered.drainPermits();
    engine.hold();
    PendingCall running = submit("a", 2);
    engine.awaitEntered();

    List<PendingCall> waiting = new ArrayList<>();
    assertThatThrownBy(
            () -> {
              for (int i = 0; i < 100; i++) {
                waiting.add(submit("a", 3));
              }
            })
        .isInstanceOf(CallRejectedException.class)
        .hasMessageContaining("100 ms of work");

    // 100 ms at no less than 20 ms each, but two batches in any case.
    assertThat(waiting).hasSizeBetween(2, 5);
    engine.release();
    assertThat(values(running)).containsExactly(2);
    for (PendingCall call : waiting) {
      assertThat(values(call)).containsExactly(3);
    }
  }

  @Test
  void aCancelledCallFreesItsPlace() throws Exception {
    engine.hold();
    start(config(1, Duration.ZERO, 1, 2));
    submit("a", 1);
    engine.awaitEntered();
    PendingCall gone = submit("a", 2, 3);

    batcher.cancel(gone);
    PendingCall next = submit("a", 4, 5);
    engine.release();

    assertThat(values(next)).containsExactly(4, 5);
    assertThatThrownBy(() -> gone.answer().get(1, TimeUnit.SECONDS))
        .isInstanceOf(CancellationException.class);
    assertThat(engine.batchSizes()).containsExactly(1, 1, 1);
  }

  @Test
  void switchesBetweenTwoBatchesAndClosesTheOldEngineAfterItsLastCall() throws Exception {
    engine.hold();
    FakeEngine next = new FakeEngine("model-b", "calibration-b");
    start(config(4, Duration.ZERO, 1, 100));
    PendingCall running = submit("a", 1);
    engine.awaitEntered();
    PendingCall waiting = submit("a", 2);

    var oldClosed = batcher.switchTo(next);
    PendingCall young = submit("a", 3);

    assertThat(oldClosed).isNotDone();
    engine.release();
    assertThat(ids(running)).containsExactly(engine.description().ids());
    assertThat(ids(waiting)).containsExactly(engine.description().ids());
    assertThat(ids(young)).containsExactly(next.description().ids());
    oldClosed.get(10, TimeUnit.SECONDS);
    assertThat(engine.closed()).isTrue();
    assertThat(next.closed()).isFalse();
    batcher.close();
    assertThat(next.closed()).isTrue();
  }

  @Test
  void anotherEngineIsNotSuspectedOfWhatTheOneBeforeDid() throws Exception {
    engine.broken(true);
    start(config(8, Duration.ZERO, 1, 100));
    submit("a", new int[20]).answer().get(10, TimeUnit.SECONDS);
    submit("a", new int[20]).answer().get(10, TimeUnit.SECONDS);
    boolean before = batcher.broken();

    batcher.switchTo(new FakeEngine("model-b", "calibration-b"));

    assertThat(before).isTrue();
    assertThat(batcher.broken()).isFalse();
  }

  @Test
  void drainsWhatWaitsBeforeItEnds() throws Exception {
    engine.hold();
    start(config(1, Duration.ZERO, 1, 100));
    PendingCall first = submit("a", 1);
    engine.awaitEntered();
    PendingCall second = submit("a", 2);
    engine.release();

    boolean ended = batcher.drain(Duration.ofSeconds(10));

    assertThat(ended).isTrue();
    assertThat(values(first)).containsExactly(1);
    assertThat(values(second)).containsExactly(2);
    assertThat(engine.closed()).isTrue();
    assertThat(batcher.retainCurrent()).isNull();
  }

  @Test
  void tellsABrokenEngineFromBadImages() throws Exception {
    engine.poison(66);
    start(config(8, Duration.ZERO, 1, 100));
    int[] bad = new int[20];
    java.util.Arrays.fill(bad, 66);
    submit("a", bad).answer().get(10, TimeUnit.SECONDS);
    boolean afterBadImages = batcher.broken();
    values(submit("a", 1));

    engine.broken(true);
    submit("a", new int[20]).answer().get(10, TimeUnit.SECONDS);
    submit("a", new int[20]).answer().get(10, TimeUnit.SECONDS);
    boolean afterBrokenEngine = batcher.broken();
    engine.broken(false);
    values(submit("a", 1));

    assertThat(afterBadImages).isFalse();
    assertThat(afterBrokenEngine).isTrue();
    assertThat(batcher.broken()).isFalse();
  }

  private void start(BatchingConfig config) {
    batcher = new DynamicBatcher(config, listener);
    batcher.switchTo(engine);
  }

  private static BatchingConfig config(int maxBatch, Duration linger, int lanes, int queueItems) {
    return new BatchingConfig(maxBatch, linger, lanes, queueItems, 1 << 20, HOUR, List.of());
  }

  private PendingCall submit(String caller, int... values) throws CallRejectedException {
    List<Question> images =
        IntStream.of(values).mapToObj(FakeEngine::image).map(Question::of).toList();
    return batcher.submit(caller, "test", batcher.retainCurrent(), images, PendingCall.NO_DEADLINE);
  }

  private static List<Integer> values(PendingCall call) throws Exception {
    return call.answer().get(10, TimeUnit.SECONDS).stream()
        .map(outcome -> ((FakeEngine.Echo) ((ItemOutcome.Done) outcome).judged()).value())
        .toList();
  }

  private static List<ServedIds> ids(PendingCall call) throws Exception {
    return call.answer().get(10, TimeUnit.SECONDS).stream()
        .map(outcome -> ((FakeEngine.Echo) ((ItemOutcome.Done) outcome).judged()).ids())
        .toList();
  }
}
